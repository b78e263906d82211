//! `cordon denials`: what was refused, and which line of the manifest decides.

use super::arguments::{DenialsOptions, RunningOptions};
use super::client::{Client, checked};
use super::source::Source;
use super::{Exit, Failure, Style, print, print_json};
use crate::denials::source::{self, AUDIT_LOG, Read};
use crate::denials::{
    Asked, Blind, By, Denial, Explainer, Kind, Listener, Saying, Tally, Turn, assembled, blind,
    blind_of_log,
};
use crate::supervisor::report::Status;
use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use serde::Serialize;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Where a device's manifest is, by its unit.
const MANIFESTS: &str = "/etc/cordon";
/// How long a record is waited for before anything else is looked at.
const TURN: Duration = Duration::from_millis(100);

/// The kernel tells a Landlock domain's process once, at its first refusal.
pub const UNKNOWN: &str = "refusals are of Landlock domains whose processes are not on record; \
                       follow from before the start, or boot with audit=1";

/// Everything that is known of the past.
#[derive(Serialize)]
struct Report<'a> {
    device: &'a str,
    manifest: String,
    denials: Vec<Denial>,
    /// Different refusals that found no room in `denials`.
    more: u64,
    /// Refusals of Landlock domains whose process no record tells.
    unknown: u64,
    /// Texts that were no records.
    unreadable: u64,
    not_seen: Vec<Blind>,
}

/// Reads, explains and shows.
pub fn run(options: &DenialsOptions) -> Result<Exit, Failure> {
    let source = Source::read(&manifest(options)?)?;
    let root = options.root.as_deref().unwrap_or(Path::new("/"));
    let mut plan = source.resolve(root)?.plan;
    if let Some(name) = &options.component
        && !plan
            .components
            .iter()
            .any(|component| component.name == *name)
    {
        let names: Vec<&str> = plan
            .components
            .iter()
            .map(|one| one.name.as_str())
            .collect();
        let failure = Failure::new(Exit::Usage, format!("there is no component '{name}'"));
        return Err(failure.help(format!("components: {}", names.join(", "))));
    }
    plan.residual.clear();
    let shows = |denial: &Denial| {
        let wanted = options.component.as_deref();
        wanted.is_none() || denial.component.as_deref() == wanted
    };
    let mut explainer = Explainer::new(&plan, root);
    let name = source.name();
    let style = Style::of_stdout();
    if options.follow {
        let wanted = |name: &String| options.component.as_ref().is_none_or(|one| one == name);
        let components = plan.components.iter().filter(|one| wanted(&one.name));
        let users = components.map(|one| one.user.value.uid).collect();
        return follow(options, explainer, users, &shows, &name, style);
    }
    let read = past(options)?;
    let mut tally = Tally::default();
    let mut unknown = 0;
    let events = assembled(read.records);
    for event in &events {
        explainer.learn(event);
    }
    for event in &events {
        unknown += explainer.unknown(event);
        for denial in explainer.explain(event).into_iter().filter(&shows) {
            tally.add(denial);
        }
    }
    let not_seen = match options.log {
        Some(_) => blind_of_log(),
        None => blind(false),
    };
    let (denials, more) = tally.into_parts();
    if options.json {
        return print_json(&Report {
            device: &plan.device,
            manifest: name,
            denials,
            more,
            unknown,
            unreadable: read.unreadable,
            not_seen,
        });
    }
    let mut text = String::new();
    for denial in &denials {
        text.push_str(&paragraph(denial, &name, style));
    }
    if denials.is_empty() {
        text = format!("nothing that {} was refused is on record\n", plan.device);
    }
    if more > 0 {
        text.push_str(&format!(
            "{more} earlier ones of another kind are left out\n"
        ));
    }
    if unknown > 0 {
        text.push_str(&style.warn(&format!("{unknown} {UNKNOWN}\n")));
    }
    if read.unreadable > 0 {
        let text_of = format!(
            "{} texts were no records and count for nothing\n",
            read.unreadable
        );
        text.push_str(&style.warn(&text_of));
    }
    text.push_str(&unseen(&not_seen, style));
    print(&text)
}

/// The manifest that was named, or that of the device that was named or runs.
fn manifest(options: &DenialsOptions) -> Result<PathBuf, Failure> {
    let running = |device: Option<String>| -> Result<PathBuf, Failure> {
        let asked = RunningOptions {
            device,
            json: false,
            runtime_dir: options.runtime_dir.clone(),
        };
        let status: Status = Client::connect(&asked)?.call("Status")?;
        Ok(status.manifest.into())
    };
    let Some(word) = &options.what else {
        return running(None).map_err(|failure| match failure.exit {
            Exit::NotRunning => failure.help("name a manifest: cordon denials DEVICE.yaml"),
            _ => failure,
        });
    };
    let path = Path::new(word);
    if word.contains(['/', '.']) || path.is_file() {
        return Ok(path.to_path_buf());
    }
    let device = checked(word)?;
    let installed = Path::new(MANIFESTS).join(format!("{device}.yaml"));
    match running(Some(device)) {
        Err(failure) if failure.exit == Exit::NotRunning && !installed.is_file() => Err(failure),
        Err(_) => Ok(installed),
        found => found,
    }
}

/// The records there are of the past: auditd's where it runs, the kernel's log
/// otherwise, and of both each record once.
fn past(options: &DenialsOptions) -> Result<Read, Failure> {
    let failed = |what: &str, error: &std::io::Error| {
        let exit = match error.kind() {
            ErrorKind::PermissionDenied => Exit::NotPermitted,
            _ => Exit::Internal,
        };
        Failure::new(exit, format!("cannot read {what}: {error}"))
    };
    if let Some(log) = &options.log {
        let name = log.display().to_string();
        return source::audit_log(log).map_err(|error| failed(&name, &error));
    }
    let mut read = source::kernel_log().map_err(|error| failed("the kernel's log", &error))?;
    match source::audit_log(Path::new(AUDIT_LOG)) {
        Ok(log) => {
            read.unreadable += log.unreadable;
            let known: BTreeSet<_> = log.records.iter().map(|record| record.stamp).collect();
            read.records.retain(|record| !known.contains(&record.stamp));
            read.records.extend(log.records);
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(failed(AUDIT_LOG, &error)),
    }
    Ok(read)
}

/// Says each refusal as it happens, until a signal ends it.
fn follow(
    options: &DenialsOptions,
    explainer: Explainer<'_>,
    users: Vec<u32>,
    shows: &dyn Fn(&Denial) -> bool,
    manifest: &str,
    style: Style,
) -> Result<Exit, Failure> {
    let signals = ends()?;
    let asked = Asked {
        auditing: options.enable_audit,
        failures_of: match options.failures {
            true => users,
            false => Vec::new(),
        },
    };
    let mut listener = Listener::start(explainer, &asked).map_err(refused)?;
    shared_rules(&listener);
    if let Ok(read) = past(options) {
        listener.learn(read.records);
    }
    let not_seen: Vec<Blind> = blind(true)
        .into_iter()
        .filter(|one| !(options.failures && one.layer == "root"))
        .collect();
    eprint!("{}", unseen(&not_seen, Style::of_stderr()));
    let mut tally = Tally::default();
    let (mut unsaid, mut told) = (0u64, Instant::now());
    let mut unknown = 0;
    loop {
        if let Ok(Some(_)) = signals.read_signal() {
            return Ok(Exit::Success);
        }
        let turn = listener
            .turn(TURN)
            .map_err(|errno| refused(("reading", errno)))?;
        let now = Instant::now();
        complain(&turn);
        if unknown == 0 && turn.unknown > 0 {
            eprintln!("cordon: {} {UNKNOWN}", turn.unknown);
        }
        unknown += turn.unknown;
        for denial in turn.denials {
            if !shows(&denial) {
                continue;
            }
            match tally.say(denial, now) {
                Saying::Say(denial) if options.json => {
                    let line = serde_json::to_string(&denial).map_err(|error| {
                        Failure::new(Exit::Internal, format!("cannot write JSON: {error}"))
                    })?;
                    print(&(line + "\n"))?;
                }
                Saying::Say(denial) => {
                    print(&paragraph(&denial, manifest, style))?;
                }
                Saying::Nothing => {}
                Saying::TooMuch => unsaid += 1,
            }
        }
        if unsaid > 0 && told.elapsed() >= Duration::from_secs(1) {
            eprintln!("cordon: {unsaid} more, each a little different, are not shown");
            (unsaid, told) = (0, now);
        }
    }
}

/// What listening was refused.
pub fn refused((step, errno): (&'static str, Errno)) -> Failure {
    let exit = match errno {
        Errno::EPERM | Errno::EACCES | Errno::ECONNREFUSED => Exit::NotPermitted,
        _ => Exit::Internal,
    };
    Failure::new(exit, format!("{step}: {}", errno.desc()))
}

/// The signals that would end this process, to be read: what was asked of the
/// kernel is taken back at the end.
pub fn ends() -> Result<SignalFd, Failure> {
    let failed = |errno: Errno| refused(("taking signals", errno));
    let mut ends = SigSet::empty();
    for end in [
        Signal::SIGHUP,
        Signal::SIGINT,
        Signal::SIGQUIT,
        Signal::SIGTERM,
    ] {
        ends.add(end);
    }
    ends.thread_block().map_err(failed)?;
    let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
    SignalFd::with_flags(&ends, flags).map_err(failed)
}

/// Says whose rules are not ours to take back.
pub fn shared_rules(listener: &Listener<'_>) {
    for user in listener.watched_by_others() {
        eprintln!(
            "cordon: failed calls of user {user} are written down already: for another listener,              or one that was killed; that rule stays"
        );
    }
}

/// Says what a turn could not read.
pub fn complain(turn: &Turn) {
    if turn.dropped > 0 {
        eprintln!("cordon: more was refused than could be read; some is missing here");
    }
    if turn.unreadable > 0 {
        let texts = turn.unreadable;
        eprintln!("cordon: {texts} texts were no records and count for nothing");
    }
}

/// One refusal, for a person.
fn paragraph(denial: &Denial, manifest: &str, style: Style) -> String {
    let who = match (&denial.component, denial.process.as_str()) {
        (Some(component), "program") => component.clone(),
        (Some(component), _) => format!("pid 1 of {component}"),
        (None, "supervisor") => "the supervisor".to_owned(),
        (None, _) => "pid 1 of a compartment".to_owned(),
    };
    let pid = denial
        .pid
        .map_or(String::new(), |pid| format!(", pid {pid}"));
    let times = match denial.count {
        1 => String::new(),
        count => format!(", {count} times"),
    };
    let aside = format!("({}{pid}{times})", known(denial.attributed_by));
    let mut text = format!(
        "{} {} tried {} {}\n",
        style.faint(&utc(denial.at_ms)),
        style.strong(&who),
        denial.tried,
        style.faint(&aside)
    );
    text.push_str(&format!(
        "  refused by {}: {}\n",
        style.bad(&denial.layer),
        denial.answer
    ));
    let decision = &denial.decision;
    let place = decision
        .line
        .map_or(String::new(), |line| format!(" ({manifest}:{line})"));
    let head = match decision.kind {
        Kind::Line => format!("this line decides{place}; instead of it"),
        Kind::Missing => format!("no line grants it; below {who}{place}"),
        Kind::Granted => format!("granted{place}"),
        Kind::Never => format!("no manifest can grant it{place}"),
        Kind::Harmless => "nothing to grant".to_owned(),
        Kind::Unclear => format!("not decided by one line{place}"),
    };
    let head = match decision.kind {
        Kind::Line | Kind::Missing => style.good(&head),
        _ => style.warn(&head),
    };
    text.push_str(&format!("  {head}:"));
    match &decision.paste {
        Some(paste) => {
            text.push('\n');
            for line in paste.lines() {
                text.push_str(&format!("      {line}\n"));
            }
            text.push_str(&format!("    {}\n", decision.why));
        }
        None => text.push_str(&format!(" {}\n", decision.why)),
    }
    text
}

fn known(by: By) -> &'static str {
    match by {
        By::SelinuxDomain => "by its SELinux domain",
        By::Cgroup => "by its user and cgroup",
        By::User => "by its user",
        By::LandlockDomain => "by its Landlock domain",
    }
}

/// What is not seen, each with what would mend it.
pub fn unseen(blind: &[Blind], style: Style) -> String {
    let mut text = String::new();
    if !blind.is_empty() {
        text.push_str(&format!("{}\n", style.faint("not seen here:")));
    }
    for one in blind {
        let mend = one
            .mend
            .as_ref()
            .map_or(String::new(), |mend| format!(" [{mend}]"));
        let line = format!("  {}: {}{mend}", one.layer, one.why);
        text.push_str(&format!("{}\n", style.faint(&line)));
    }
    text
}

/// `2026-11-24T03:09:35Z` of milliseconds since 1970.
fn utc(ms: u64) -> String {
    let seconds = ms / 1000;
    let (days, of_day) = (seconds / 86400, seconds % 86400);
    // Days in the calendar that begins each year in March (Hinnant, "days_from_civil").
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_of_the_calendar() {
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc(1_795_489_489_653), "2026-11-24T03:04:49Z");
        assert_eq!(utc(951_826_154_000), "2000-02-29T12:09:14Z");
        assert_eq!(utc(4_102_444_799_999), "2099-12-31T23:59:59Z");
    }
}
