//! Saying to the display what the channel's schema allows to be said.
//!
//! None of it is refused: what counts is that no alarm leaves the screen.

use crate::attempt::{Attempt, Outcome};
use crate::compartment::Compartment;
use cordon_vitals_record::Alarm;
use std::time::Duration;

/// The attempts of this file.
pub const ATTEMPTS: &[Attempt] = &[
    Attempt {
        name: "command-every-valid",
        what: "say of every alarm there is that it was seen, at the allowed rate",
        run: every_valid,
    },
    Attempt {
        name: "command-flood",
        what: "say it a hundred thousand times, as fast as memory takes it",
        run: flood,
    },
];

/// One record each 210 ms keeps below the 5 a second the manifest allows.
const PACE: Duration = Duration::from_millis(210);

/// Publishes each id, and says how many were.
fn publish(
    compartment: &mut Compartment,
    ids: impl Iterator<Item = u32>,
    pace: Duration,
) -> Outcome {
    let Some(channels) = &mut compartment.channels else {
        return Outcome::Unsupported("has no control socket".into());
    };
    let mut sent = 0;
    for id in ids {
        let Ok(record) = channels.form.to_record(id) else {
            continue;
        };
        if let Err(error) = channels.writer.publish(&record) {
            return Outcome::Unsupported(error.to_string());
        }
        sent += 1;
        if !pace.is_zero() {
            std::thread::sleep(pace);
        }
    }
    Outcome::Sent(format!("{sent} records"))
}

fn every_valid(compartment: &mut Compartment, _: &str) -> Outcome {
    let known = Alarm::ALL.iter().map(|alarm| alarm.id());
    publish(compartment, known.chain([0, 1, u32::MAX]), PACE)
}

fn flood(compartment: &mut Compartment, _: &str) -> Outcome {
    publish(compartment, (0..100_000).map(|n| n % 400), Duration::ZERO)
}
