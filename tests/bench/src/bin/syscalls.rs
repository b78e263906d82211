//! What a component's filter costs: putting it in force, and each call under it,
//! beside the same rules as a linear chain (seccompiler) and no filter at all.
//!
//! Each measurement is a process of its own, for a filter stays. The kernel
//! remembers which numbers are allowed whatever their arguments (since Linux 5.11)
//! and does not run the filter for them; F_GETFL is a call it does run for.
#![forbid(unsafe_code)]

use cordon_bench::{Row, finish, median, time};
use cordon_seccomp::{Architecture, Filter, compile, linear};
use rustix::fs::fcntl_getfl;
use rustix::io::{read, write};
use rustix::thread::futex;
use rustix::time::{ClockId, clock_gettime};
use seccompiler::sock_filter;
use std::fs::OpenOptions;
use std::io;
use std::process::Command;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

/// What the network service of a bedside monitor gets.
const FRAGMENTS: &[&str] = &["network-service", "notify", "control", "listen"];
const KINDS: [&str; 3] = ["ours", "linear", "none"];
const RUNS: usize = 15;
const CALLS: u32 = 100_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if let Some(kind) = std::env::args().nth(1) {
        return measure(&kind);
    }
    // By kind, then by case: what each run found.
    let mut found: Vec<Vec<(String, Vec<Duration>)>> = vec![Vec::new(); KINDS.len()];
    for run in 0..RUNS {
        for turn in 0..KINDS.len() {
            // Whoever comes first changes.
            let which = (turn + run) % KINDS.len();
            for (case, nanoseconds) in child(KINDS[which])? {
                let duration = Duration::from_nanos(nanoseconds);
                let cases = &mut found[which];
                match cases.iter_mut().find(|(known, _)| *known == case) {
                    Some((_, durations)) => durations.push(duration),
                    None => cases.push((case, vec![duration])),
                }
            }
        }
    }
    let of = |kind: usize, case: &str| {
        let found = found[kind].iter().find(|(known, _)| known == case);
        let durations = found.map(|(_, durations)| durations.clone());
        median(durations.unwrap_or_default()).as_nanos() as f64
    };
    let (compiled, chained) = (programs(0)?.0.len(), programs(1)?.0.len());
    let mut rows = vec![
        Row::new(
            "length",
            "linear",
            compiled as f64,
            chained as f64,
            "instructions",
        ),
        Row::new(
            "loading",
            "linear",
            of(0, "loading") / 1e3,
            of(1, "loading") / 1e3,
            "us",
        ),
    ];
    for (case, _) in &found[2] {
        // A run's nanoseconds are those of all its calls.
        let one = |kind: usize| of(kind, case) / f64::from(CALLS);
        rows.push(Row::new(case, "no filter", one(0), one(2), "ns"));
        rows.push(Row::new(case, "linear", one(0), one(1), "ns"));
    }
    Ok(finish("syscalls", &rows)?)
}

fn programs(kind: usize) -> Result<Filter, io::Error> {
    let native = Architecture::native().map_err(io::Error::other)?;
    let compiled = match kind {
        0 => compile(native, FRAGMENTS, []),
        _ => linear::compile(native, FRAGMENTS),
    };
    compiled.map_err(|error| io::Error::other(error.to_string()))
}

/// Runs this program again; lines of a case and its nanoseconds.
fn child(kind: &str) -> io::Result<Vec<(String, u64)>> {
    let output = Command::new(std::env::current_exe()?).arg(kind).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().filter_map(|line| {
        let (nanoseconds, case) = line.split_once(' ')?;
        Some((case.to_owned(), nanoseconds.parse().ok()?))
    });
    let lines: Vec<_> = lines.collect();
    if lines.is_empty() {
        return Err(io::Error::other(format!("{kind}: {:?}", output.status)));
    }
    Ok(lines)
}

fn measure(kind: &str) -> Result<(), Box<dyn std::error::Error>> {
    let zero = OpenOptions::new().read(true).open("/dev/zero")?;
    let null = OpenOptions::new().write(true).open("/dev/null")?;
    if let Some(kind) = KINDS[..2].iter().position(|known| *known == kind) {
        let program: Vec<sock_filter> = programs(kind)?
            .0
            .iter()
            .map(|it| sock_filter {
                code: it.code,
                jt: it.jt,
                jf: it.jf,
                k: it.k,
            })
            .collect();
        let taken = time(|| seccompiler::apply_filter(&program))?;
        println!("{} loading", taken.as_nanos());
    }
    let mut byte = [0];
    let say = |case: &'static str, call: &mut dyn FnMut() -> bool| {
        let all = || (0..CALLS).all(|_| call()).then_some(()).ok_or(case);
        let taken = time(all).map_err(|case| format!("{case} failed"))?;
        println!("{} {case}", taken.as_nanos());
        Ok::<(), String>(())
    };
    say("read", &mut || read(&zero, &mut byte).is_ok())?;
    say("write", &mut || write(&null, &[0]).is_ok())?;
    // A clock the vDSO cannot read.
    let clock = ClockId::ProcessCPUTime;
    say("clock_gettime", &mut || clock_gettime(clock).tv_sec >= 0)?;
    let nobody = AtomicU32::new(0);
    say("futex", &mut || {
        futex::wake(&nobody, futex::Flags::PRIVATE, 1).is_ok()
    })?;
    say("fcntl", &mut || fcntl_getfl(&zero).is_ok())?;
    Ok(())
}
