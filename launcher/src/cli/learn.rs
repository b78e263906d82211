//! `cordon learn`: what a component lacks, from a try under all its confinement.

use super::arguments::LearnOptions;
use super::denials::{UNKNOWN, complain, ends, refused, shared_rules, unseen};
use super::source::Source;
use super::{Exit, Failure, Style, print, print_json};
use crate::denials::{
    Asked, Blind, Denial, Entry, Explainer, Listener, Proposal, Refused, Tally, blind, shared,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Serialize;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a record is waited for before anything else is looked at.
const TURN: Duration = Duration::from_millis(100);
/// What comes after the end is still of the try.
const REST: Duration = Duration::from_millis(500);

/// What was learned.
#[derive(Serialize)]
struct Lesson<'a> {
    device: &'a str,
    component: &'a str,
    manifest: String,
    /// How `cordon run` ended; none where it was ended after the time.
    ended: Option<i32>,
    #[serde(flatten)]
    proposal: Proposal,
    #[serde(flatten)]
    gaps: Gaps,
}

/// What may have been refused and is not in the proposal.
#[derive(Serialize)]
struct Gaps {
    /// Different refusals that found no room.
    more: u64,
    /// Refusals of Landlock domains whose process no record tells.
    unknown: u64,
    /// Texts that were no records.
    unreadable: u64,
    /// Times at which the kernel had dropped records before they were read.
    dropped: u64,
    not_seen: Vec<Blind>,
}

/// Runs, listens, and proposes.
pub fn run(options: &LearnOptions) -> Result<Exit, Failure> {
    let source = Source::read(&options.manifest)?;
    let plan = source.resolve(Path::new("/"))?.plan;
    let named = |one: &&cordon_manifest::plan::Component| one.name == options.component;
    let Some(component) = plan.components.iter().find(named) else {
        let names: Vec<&str> = plan
            .components
            .iter()
            .map(|one| one.name.as_str())
            .collect();
        let text = format!("there is no component '{}'", options.component);
        return Err(
            Failure::new(Exit::Usage, text).help(format!("components: {}", names.join(", ")))
        );
    };
    let asked = Asked {
        auditing: true,
        failures_of: vec![component.user.value.uid],
    };
    let signals = ends()?;
    let explainer = Explainer::new(&plan, Path::new("/"));
    let mut listener = Listener::start(explainer, &asked).map_err(refused)?;
    shared_rules(&listener);
    let mut device = start(options)?;
    let until = Instant::now() + options.time;
    let mut tally = Tally::default();
    let (mut unknown, mut unreadable, mut dropped) = (0, 0, 0);
    let mut ended = None;
    let mut stop_at = None;
    loop {
        let turn = listener
            .turn(TURN)
            .map_err(|errno| refused(("reading", errno)))?;
        complain(&turn);
        unknown += turn.unknown;
        unreadable += turn.unreadable;
        dropped += turn.dropped;
        for denial in turn
            .denials
            .into_iter()
            .filter(|one| is_of(one, &component.name))
        {
            tally.add(denial);
        }
        if let Some(at) = stop_at {
            if Instant::now() > at {
                break;
            }
            continue;
        }
        let over = Instant::now() > until || matches!(signals.read_signal(), Ok(Some(_)));
        match device.0.try_wait() {
            Ok(Some(status)) => {
                ended = Some(status.code().unwrap_or(-1));
                stop_at = Some(Instant::now() + REST);
            }
            Ok(None) if over => {
                device.stop();
                stop_at = Some(Instant::now() + REST);
            }
            Ok(None) => {}
            Err(error) => return Err(Failure::new(Exit::Internal, error.to_string())),
        }
    }
    let (denials, more) = tally.into_parts();
    let gaps = Gaps {
        more,
        unknown,
        unreadable,
        dropped,
        // While the listener still is: it has auditing on, and failed calls written.
        not_seen: blind(true)
            .into_iter()
            .filter(|one| one.layer != "root")
            .collect(),
    };
    drop(listener);
    if denials.is_empty() && ended.is_some_and(|code| code != 0) {
        let text = "the device could not be run, so there is nothing to learn from it";
        return Err(Failure::new(Exit::StartFailed, text));
    }
    let proposal = Proposal::of(&denials, &|path| !shared(&plan, component, path).is_empty());
    if options.json {
        return print_json(&Lesson {
            device: &plan.device,
            component: &component.name,
            manifest: source.name(),
            ended,
            proposal,
            gaps,
        });
    }
    let place = format!("{} ({}:{})", component.name, source.name(), component.line);
    let style = Style::of_stdout();
    let mut said = text(&proposal, &place, &source.name(), style);
    said.push_str(&gaps.text(style));
    print(&said)
}

impl Gaps {
    fn text(&self, style: Style) -> String {
        let mut text = String::new();
        for (count, what) in [
            (self.more, "earlier ones of another kind are left out"),
            (self.unknown, UNKNOWN),
            (
                self.unreadable,
                "texts were no records and count for nothing",
            ),
            (
                self.dropped,
                "times more was refused than could be read; some is missing here",
            ),
        ] {
            if count > 0 {
                text.push_str(&style.warn(&format!("{count} {what}\n")));
            }
        }
        text + &unseen(&self.not_seen, style)
    }
}

/// What the program itself was refused; pid 1 is Cordon's.
fn is_of(denial: &Denial, component: &str) -> bool {
    denial.component.as_deref() == Some(component) && denial.process == "program"
}

/// `cordon run`; it does not outlive us, however we end.
struct Device(Child);

impl Device {
    /// Ends it, where it still runs.
    fn stop(&mut self) {
        if !matches!(self.0.try_wait(), Ok(None)) {
            return;
        }
        if let Ok(pid) = i32::try_from(self.0.id()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        let _ = self.0.wait();
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.stop();
    }
}

fn start(options: &LearnOptions) -> Result<Device, Failure> {
    let mut command = Command::new("/proc/self/exe");
    command.arg("run").arg(&options.manifest);
    for layer in &options.without {
        command.args(["--without", layer.name()]);
    }
    command.arg("--runtime-dir").arg(&options.runtime_dir);
    // What it says is not what was learned.
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.env_remove("NOTIFY_SOCKET");
    let started = command.spawn().map(Device);
    let failed = |error| Failure::new(Exit::Internal, format!("cannot start cordon run: {error}"));
    started.map_err(failed)
}

fn text(proposal: &Proposal, place: &str, manifest: &str, style: Style) -> String {
    let mut text = String::new();
    if proposal.is_empty() {
        text.push_str("nothing was seen refused that the manifest could grant\n");
    }
    let new: Vec<_> = proposal
        .keys
        .iter()
        .filter(|key| key.line.is_none())
        .collect();
    if !new.is_empty() || !proposal.files.is_empty() || !proposal.devices.is_empty() {
        text.push_str(&format!("{}\n", style.good(&format!("below {place}:"))));
    }
    for (key, entries) in [("devices", &proposal.devices), ("files", &proposal.files)] {
        if !entries.is_empty() {
            text.push_str(&format!("    {key}:\n"));
        }
        for Entry { path, access, why } in entries {
            if let Some(why) = why {
                text.push_str(&format!("      {}\n", style.warn(&format!("# {why}"))));
            }
            text.push_str(&format!("      - {{path: {path}, access: {access}}}\n"));
        }
    }
    for key in new {
        for line in key.paste.lines() {
            text.push_str(&format!("    {line}\n"));
        }
        text.push_str(&format!(
            "  {}\n",
            style.faint(&format!("{}: {}", key.tried, key.why))
        ));
    }
    for key in proposal.keys.iter() {
        let Some(line) = key.line else {
            continue;
        };
        let head = format!("instead of {manifest}:{line}:");
        text.push_str(&format!("{}\n    {}\n", style.good(&head), key.paste));
        text.push_str(&format!(
            "  {}\n",
            style.faint(&format!("{}: {}", key.tried, key.why))
        ));
    }
    for (head, list) in [
        ("no manifest can grant:", &proposal.never),
        ("not decided by one line:", &proposal.unclear),
    ] {
        if !list.is_empty() {
            text.push_str(&format!("{}\n", style.warn(head)));
        }
        for Refused { tried, layer, why } in list {
            text.push_str(&format!("  {tried} ({layer}): {why}\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_seen_is_said_where_nothing_is_proposed() {
        let plain = Style::of(false);
        let proposal = Proposal::of(&[], &|_| false);
        assert_eq!(
            text(&proposal, "x", "device.yaml", plain),
            "nothing was seen refused that the manifest could grant\n"
        );
        let gaps = Gaps {
            more: 3,
            unknown: 2,
            unreadable: 0,
            dropped: 1,
            not_seen: vec![Blind {
                layer: "landlock".into(),
                why: "why".into(),
                mend: Some("mend".into()),
            }],
        };
        let said = gaps.text(plain);
        for line in [
            "3 earlier ones of another kind",
            "2 refusals are of Landlock domains",
            "1 times more was refused",
            "not seen here:\n  landlock: why [mend]\n",
        ] {
            assert!(said.contains(line), "{line}: {said}");
        }
        assert!(!said.contains("no records"), "{said}");
    }

    #[test]
    fn a_warning_is_a_comment_above_its_entry() {
        let entry = |path: &str, why: Option<&str>| Entry {
            path: path.into(),
            access: "read".into(),
            why: why.map(str::to_owned),
        };
        let proposal = Proposal {
            files: vec![entry("/a", None), entry("/b", Some("it is granted to x"))],
            ..Proposal::default()
        };
        assert_eq!(
            text(&proposal, "y", "device.yaml", Style::of(false)),
            "below y:\n    files:\n      - {path: /a, access: read}\n      \
             # it is granted to x\n      - {path: /b, access: read}\n"
        );
    }

    #[test]
    fn a_device_does_not_outlive_its_trial() {
        let child = Command::new("sleep").arg("600").spawn().unwrap();
        let pid = Pid::from_raw(child.id().try_into().unwrap());
        assert!(kill(pid, None).is_ok());
        drop(Device(child));
        assert_eq!(kill(pid, None), Err(nix::errno::Errno::ESRCH));
    }
}
