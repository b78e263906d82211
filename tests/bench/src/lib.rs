//! What benchmarks have in common: interleaved runs, medians, and one table.
//!
//! Each benchmark is a program `src/bin/NAME.rs`, which `make bench` finds by
//! its place and runs. It writes `target/bench/NAME.json`, a list of
//! `{"case", "peer", "ours", "theirs", "ratio", "unit"}`, and prints the same.

#[cfg(feature = "peers")]
mod hostile;
#[cfg(feature = "peers")]
pub mod links;
#[cfg(feature = "peers")]
pub mod two;

pub mod device;

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// One comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// What is measured.
    pub case: String,
    /// What it is compared with.
    pub peer: String,
    /// Our median.
    pub ours: f64,
    /// The peer's median.
    pub theirs: f64,
    /// Ours divided by theirs.
    pub ratio: f64,
    /// Unit of both medians.
    pub unit: String,
}

impl Row {
    /// A comparison of two medians in the same unit.
    #[must_use]
    pub fn new(case: &str, peer: &str, ours: f64, theirs: f64, unit: &str) -> Self {
        Self {
            case: case.to_owned(),
            peer: peer.to_owned(),
            ours,
            theirs,
            ratio: ours / theirs,
            unit: unit.to_owned(),
        }
    }
}

/// How long one run takes, if it succeeds.
pub fn time<T, E>(run: impl FnOnce() -> Result<T, E>) -> Result<Duration, E> {
    let start = Instant::now();
    let made = std::hint::black_box(run());
    let taken = start.elapsed();
    made.map(|_| taken)
}

/// How much of a processor this thread takes for one run, if it succeeds: on a
/// machine with nothing else to do that is how long it takes, when it neither
/// waits nor starts others.
pub fn work<T, E>(run: impl FnOnce() -> Result<T, E>) -> Result<Duration, E> {
    let now = || {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
        Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or_default())
    };
    let start = now();
    let made = std::hint::black_box(run());
    let taken = now().saturating_sub(start);
    made.map(|_| taken)
}

/// How much of a processor the processes take that one run starts and waits
/// for, if it succeeds; in steps of 10 ms (proc_pid_stat(5), cutime and cstime).
pub fn work_of_others<T, E: From<io::Error>>(
    run: impl FnOnce() -> Result<T, E>,
) -> Result<Duration, E> {
    let start = of_others()?;
    std::hint::black_box(run()?);
    Ok(of_others()?.saturating_sub(start))
}

fn of_others() -> io::Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The program's name, in parentheses, may hold spaces.
    let (_, fields) = stat.rsplit_once(") ").unwrap_or_default();
    let ticks = fields.split(' ').skip(13).take(2);
    let ticks: u64 = ticks.filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 10))
}

/// The medians of `runs` runs of each, taken in turns, so that whatever slows
/// the machine down for a while slows both. The first run that fails ends it.
pub fn interleaved<E>(
    runs: usize,
    mut ours: impl FnMut() -> Result<Duration, E>,
    mut theirs: impl FnMut() -> Result<Duration, E>,
) -> Result<(Duration, Duration), E> {
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    for run in 0..runs {
        // Who comes first changes, too.
        if run % 2 == 0 {
            our_times.push(ours()?);
            their_times.push(theirs()?);
        } else {
            their_times.push(theirs()?);
            our_times.push(ours()?);
        }
    }
    Ok((median(our_times), median(their_times)))
}

/// The middle one; the upper of two. Zero of none.
#[must_use]
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The workspace's root.
#[must_use]
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Writes the table of the benchmark `name` and prints it.
pub fn finish(name: &str, rows: &[Row]) -> io::Result<()> {
    save(name, rows)?;
    println!("{}", table(rows));
    Ok(())
}

/// Writes what is measured so far.
pub fn save(name: &str, rows: &[Row]) -> io::Result<()> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let directory = target
        .unwrap_or_else(|| workspace().join("target"))
        .join("bench");
    std::fs::create_dir_all(&directory)?;
    let json = serde_json::to_string_pretty(rows).map_err(io::Error::other)?;
    std::fs::write(directory.join(format!("{name}.json")), json + "\n")
}

/// The table as text.
fn table(rows: &[Row]) -> String {
    let number = |value: f64| format!("{value:.3}");
    let mut lines = vec![["case", "peer", "ours", "theirs", "ratio", "unit"].map(str::to_owned)];
    lines.extend(rows.iter().map(|row| {
        let (case, peer, unit) = (row.case.clone(), row.peer.clone(), row.unit.clone());
        [
            case,
            peer,
            number(row.ours),
            number(row.theirs),
            number(row.ratio),
            unit,
        ]
    }));
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let widths: Vec<usize> = (0..6).map(|column| width(column).unwrap_or(0)).collect();
    let text = lines.iter().map(|line| {
        let cells = line.iter().zip(&widths).enumerate();
        let cells = cells.map(|(column, (cell, width))| {
            let gap = " ".repeat(width - cell.chars().count());
            // Numbers end under one another.
            if (2..5).contains(&column) {
                gap + cell
            } else {
                cell.clone() + &gap
            }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    text.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_of_each_side_and_runs_take_turns() {
        let order = std::cell::RefCell::new(String::new());
        let say = |who: char, time: u64| {
            order.borrow_mut().push(who);
            if time == 0 {
                return Err("failed");
            }
            Ok(Duration::from_secs(time))
        };
        let mut times = [9, 1, 5].into_iter();
        let (ours, theirs) =
            interleaved(3, || say('o', times.next().unwrap()), || say('t', 2)).unwrap();
        assert_eq!((ours.as_secs(), theirs.as_secs()), (5, 2));
        assert_eq!(*order.borrow(), "ottoot");
        assert_eq!(
            interleaved(3, || say('o', 1), || say('t', 0)),
            Err("failed")
        );
    }

    #[test]
    fn the_work_of_others_is_theirs_alone() {
        let spin = || {
            let script = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
            let mut command = std::process::Command::new("sh");
            command.args(["-c", script]).status()
        };
        assert!(work_of_others(spin).unwrap() >= Duration::from_millis(20));
        let here = || (0..20_000_000_u64).map(std::hint::black_box).sum::<u64>();
        let here = work_of_others(|| io::Result::Ok(here())).unwrap();
        assert_eq!(here, Duration::ZERO);
    }

    #[test]
    fn columns_line_up() {
        let text = table(&[
            Row::new("a", "bb", 1.0, 2.0, "ms"),
            Row::new("long", "b", 10.0, 4.0, "s"),
        ]);
        assert_eq!(
            text,
            "case  peer    ours  theirs  ratio  unit\na     bb     1.000   2.000  0.500  ms\n\
             long  b     10.000   4.000  2.500  s"
        );
    }
}
