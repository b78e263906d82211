//! The channel against what else could carry its records: two processes, one on
//! each processor, runs in turns.
#![forbid(unsafe_code)]

use cordon_bench::links::{LinkError, Peer};
use cordon_bench::two::{END, Numbers, Receiving, Sending, end, run};
use cordon_bench::{Row, finish};
use std::process::ExitCode;

/// Runs of each peer, in turns.
const RUNS: usize = 5;
const SIZES: [(usize, &str); 5] = [
    (64, "64B"),
    (256, "256B"),
    (1024, "1KiB"),
    (4096, "4KiB"),
    (65536, "64KiB"),
];
const PERCENTILES: [&str; 3] = ["p50", "p99", "p99.99"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((first, rest)) if first == END => end(rest),
        _ => compare(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("channel: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare() -> Result<(), LinkError> {
    let mut rows = Vec::new();
    for (size, name) in SIZES {
        // A large message takes long; the pace leaves each carrier time for one.
        let gap = 10_000 + 3 * size as u64;
        let paced = Sending::Paced(if size > 4096 { 2_000 } else { 20_000 }, gap);
        let results = in_turns(size, paced, &[Receiving::Latency], |(_, received)| received)?;
        for (at, percentile) in PERCENTILES.iter().enumerate() {
            push(
                &mut rows,
                &format!("{name}-oneway-{percentile}"),
                &results,
                at,
                "ns",
            );
        }
    }
    for (size, name) in SIZES {
        let batches = Sending::Batches(2_000, 200_000);
        let results = in_turns(size, batches, &[Receiving::Ticking], |(sent, _)| sent)?;
        push(&mut rows, &format!("{name}-publish"), &results, 0, "ns");
    }
    for readers in [4, 16] {
        let batches = Sending::Batches(1_000, 200_000);
        let receivers = vec![Receiving::Ticking; readers];
        let results = in_turns(64, batches, &receivers, |(sent, _)| sent)?;
        let case = format!("64B-publish-{readers}-readers");
        push(&mut rows, &case, &results, 0, "ns");
    }
    for (size, name) in SIZES {
        let full = Sending::Full(300);
        let results = in_turns(size, full, &[Receiving::Counting], |(_, received)| received)?;
        push(
            &mut rows,
            &format!("{name}-throughput"),
            &results,
            0,
            "records/s",
        );
    }
    hostile(&mut rows)?;
    finish("channel", &rows)?;
    Ok(())
}

/// What a hostile reader can do to publishing, against a reader that ticks.
fn hostile(rows: &mut Vec<Row>) -> Result<(), LinkError> {
    let each = Sending::Each(50_000, 2_000);
    let (mut spun, mut idle) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        spun.push(run(Peer::Cordon, 64, each, &[Receiving::Hostile])?.0);
        idle.push(run(Peer::Cordon, 64, each, &[Receiving::Ticking])?.0);
    }
    for (at, percentile) in PERCENTILES.iter().enumerate() {
        let case = format!("64B-publish-{percentile}-under-a-hostile-reader");
        let (ours, theirs) = (middle(&spun, at), middle(&idle, at));
        rows.push(Row::new(&case, "the same without", ours, theirs, "ns"));
    }
    Ok(())
}

type Results = Vec<(Peer, Vec<Numbers>)>;

/// Runs of every peer, in turns, so that whatever slows the machine down for a
/// while slows all.
fn in_turns(
    size: usize,
    sending: Sending,
    receivers: &[Receiving],
    choose: impl Fn((Numbers, Numbers)) -> Numbers,
) -> Result<Results, LinkError> {
    let mut results: Results = Peer::ALL.map(|peer| (peer, Vec::new())).into();
    for turn in 0..RUNS {
        results.rotate_left(turn % Peer::ALL.len());
        for (peer, numbers) in &mut results {
            numbers.push(choose(run(*peer, size, sending, receivers)?));
        }
    }
    Ok(results)
}

/// A row for each peer, of the medians of one number.
fn push(rows: &mut Vec<Row>, case: &str, results: &Results, at: usize, unit: &str) {
    let of = |wanted: Peer| {
        let found = results.iter().find(|(peer, _)| *peer == wanted);
        found.map_or(0.0, |(_, runs)| middle(runs, at))
    };
    let ours = of(Peer::Cordon);
    for peer in Peer::ALL.into_iter().filter(|peer| *peer != Peer::Cordon) {
        let row = Row::new(case, peer.name(), ours, of(peer), unit);
        eprintln!("{case} {}: {:.0} {:.0}", row.peer, row.ours, row.theirs);
        rows.push(row);
    }
}

/// The median over the runs of one of their numbers.
fn middle(runs: &[Numbers], at: usize) -> f64 {
    let mut values: Vec<f64> = runs.iter().filter_map(|run| run.get(at).copied()).collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
