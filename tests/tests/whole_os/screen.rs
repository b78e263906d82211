//! The machine's real screen, seen from outside: the numbers on it are those
//! that the nurse's station gets.

use crate::support::*;
use cordon_tests::vm::directory;
use cordon_tests::vm::image::Release;
use cordon_tests::vm::picture::{Picture, readings};
use cordon_tests::vm::steps::Steps;
use serde_json::Value;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The numbers of all vital signs, in one answer.
const BUNDLE: &str = "curl --silent --show-error --fail --max-time 60 --cacert /root/pki/ca.crt \
                      --cert /root/pki/nurse.crt --key /root/pki/nurse.key \
                      'https://localhost/fhir/Observation?category=vital-signs'";
/// The simulated numbers change every second or two; that none does between two
/// questions and a picture is a matter of trying.
const TRIES: Duration = Duration::from_secs(240);

pub fn steps(steps: &mut Steps, release: Release) {
    let name = release.target();
    steps.take(
        "screen: the numbers on it are those the station gets",
        |machine| {
            let artefacts = directory().join("artefacts");
            std::fs::create_dir_all(&artefacts).map_err(|error| error.to_string())?;
            let to = artefacts.join(format!("{name}.png"));
            let fonts = fonts()?;
            let until = Instant::now() + TRIES;
            let mut why = "the numbers never stood still".to_owned();
            let mut before = bundle(machine)?;
            while Instant::now() < until {
                machine
                    .monitor
                    .picture(&to)
                    .map_err(|error| error.to_string())?;
                let after = bundle(machine)?;
                let (first, second) = (readings(&before), readings(&after));
                if first == second && first.heart_rate.value().is_some() {
                    let picture = Picture::read(&to).map_err(|error| error.to_string())?;
                    let differing = picture.differing(&first, &fonts);
                    let differing = differing.map_err(|error| error.to_string())?;
                    if differing.is_empty() {
                        println!("        {}: {first:?}", to.display());
                        return Ok(());
                    }
                    why = format!(
                        "not on the screen: {differing:?} of {first:?} ({})",
                        to.display()
                    );
                }
                before = after;
            }
            Err(why)
        },
    );
}

fn bundle(machine: &mut cordon_tests::vm::machine::Machine) -> Result<Value, String> {
    let text = get(&mut machine.guest, BUNDLE)?;
    serde_json::from_str(&text).map_err(|error| format!("{text}: {error}"))
}

/// The fonts of this system, the same package as in the machine.
fn fonts() -> Result<Vec<PathBuf>, String> {
    let places = [("opentype", "otf"), ("truetype", "ttf")];
    let found = places.iter().find_map(|(kind, ending)| {
        let of = |face| PathBuf::from(format!("/usr/share/fonts/{kind}/b612/B612-{face}.{ending}"));
        let both = vec![of("Regular"), of("Bold")];
        both.iter().all(|file| file.exists()).then_some(both)
    });
    found.ok_or_else(|| "fonts-b612 is not installed".into())
}
