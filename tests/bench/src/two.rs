//! One run of a link between two processes and more: this program starts itself
//! again for each end.

use crate::links::cordon::{NAME, PACE, schema, until};
use crate::links::{Link, LinkError, Peer, Receiver, Sender};
use cordon_channel::{Hub, clock};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// First argument of a process that is one end.
pub const END: &str = "--end";
/// Sent in a row where publishing is timed: the clock is read twice for all.
const BATCH: u64 = 32;

/// What the sender does.
#[derive(Clone, Copy, Debug)]
pub enum Sending {
    /// So many messages, so many ns apart.
    Paced(u64, u64),
    /// So many batches, so many ns apart; says what one message costs.
    Batches(u64, u64),
    /// So many messages, so many ns apart; says what each costs.
    Each(u64, u64),
    /// As fast as it can, for so many ms.
    Full(u64),
}

/// What each receiver does.
#[derive(Clone, Copy, Debug)]
pub enum Receiving {
    /// Looks all the time; says how old messages are.
    Latency,
    /// Looks each ms, as a component would.
    Ticking,
    /// Looks all the time; says how many messages came in a second.
    Counting,
    /// Reads the memory of the channel, and nothing else, as fast as it can.
    Hostile,
}

/// What an end measured: percentiles 50, 99 and 99.99 in ns, or one number.
pub type Numbers = Vec<f64>;

/// Runs a link once. What the sender said, and what the first receiver said.
///
/// # Errors
/// When an end could not be started, or failed.
pub fn run(
    peer: Peer,
    size: usize,
    sending: Sending,
    receivers: &[Receiving],
) -> Result<(Numbers, Numbers), LinkError> {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let number = RUNS.fetch_add(1, Ordering::Relaxed);
    let name = format!("cordon-bench-{}-{number}", std::process::id());
    let link = Link {
        peer,
        size,
        receivers: receivers.len(),
        directory: std::env::temp_dir().join(name),
    };
    std::fs::create_dir(&link.directory)?;
    let result = run_in(&link, sending, receivers);
    std::fs::remove_dir_all(&link.directory)?;
    result.map_err(|error| format!("{} of {size} bytes: {error}", peer.name()).into())
}

fn run_in(
    link: &Link,
    sending: Sending,
    receivers: &[Receiving],
) -> Result<(Numbers, Numbers), LinkError> {
    link.prepare()?;
    let names: Vec<String> = (0..receivers.len()).map(|n| format!("end-{n}")).collect();
    let mut hub = Hub::new(vec![cordon_channel::Link {
        name: NAME.to_owned(),
        schema: schema(link.size)?,
        pace: PACE,
        from: "sender".to_owned(),
        to: names.clone(),
    }])?;
    let socket = hub.start("sender")?;
    let mut sender = Ends(vec![start(
        link,
        "sender",
        &format!("{sending:?}"),
        socket,
    )?]);
    let mut ends = Ends(Vec::new());
    for (name, receiving) in names.iter().zip(receivers) {
        let socket = hub.start(name)?;
        ends.0
            .push(start(link, name, &format!("{receiving:?}"), socket)?);
    }
    let mut all = names.clone();
    all.push("sender".to_owned());
    until(|| {
        for end in &all {
            hub.service(end);
        }
        all.iter().all(|end| link.directory.join(end).exists())
    })?;
    std::fs::write(link.directory.join("go"), "")?;
    let sent = numbers(sender.0.remove(0))?;
    let first = ends.0.remove(0);
    let received = match receivers.first() {
        Some(Receiving::Latency | Receiving::Counting) => numbers(first)?,
        _ => {
            ends.0.push(first);
            Vec::new()
        }
    };
    Ok((sent, received))
}

/// Whether the ends can be scheduled as a device's display is (SCHED_FIFO), so
/// that nothing else on the machine runs in their place.
#[must_use]
pub fn real_time() -> bool {
    static REAL_TIME: OnceLock<bool> = OnceLock::new();
    *REAL_TIME.get_or_init(|| {
        let tried = Command::new("chrt").args(["--fifo", "1", "true"]).status();
        tried.is_ok_and(|status| status.success())
    })
}

/// Processes that end with this value.
struct Ends(Vec<Child>);

impl Drop for Ends {
    fn drop(&mut self) {
        for end in &mut self.0 {
            // One that ended by itself cannot be killed.
            let _ = end.kill();
            let _ = end.wait();
        }
    }
}

fn start(link: &Link, name: &str, what: &str, socket: OwnedFd) -> Result<Child, LinkError> {
    let program = std::env::current_exe()?;
    let mut command = if real_time() {
        let mut command = Command::new("chrt");
        command.args(["--fifo", "1"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    let child = command
        .args([END, name, link.peer.name(), what])
        .args([link.size.to_string(), link.receivers.to_string()])
        .arg(&link.directory)
        .stdin(Stdio::from(socket))
        .stdout(Stdio::piped())
        .spawn()?;
    Ok(child)
}

fn numbers(child: Child) -> Result<Numbers, LinkError> {
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err(format!("an end failed: {}", output.status).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let numbers = text.split_whitespace().map(str::parse);
    Ok(numbers.collect::<Result<_, _>>()?)
}

/// What a process that is one end does: `NAME PEER WHAT SIZE RECEIVERS DIRECTORY`.
///
/// # Errors
/// When the end could not be made.
pub fn end(arguments: &[String]) -> Result<(), LinkError> {
    let [name, peer, what, size, receivers, directory] = arguments else {
        return Err("six arguments".into());
    };
    let link = Link {
        peer: Peer::named(peer).ok_or("no such peer")?,
        size: size.parse()?,
        receivers: receivers.parse()?,
        directory: directory.into(),
    };
    let ready = || -> Result<(), LinkError> {
        std::fs::write(link.directory.join(name), "")?;
        until(|| link.directory.join("go").exists())
    };
    let mut said = match name.strip_prefix("end-") {
        None => {
            pin(true)?;
            let mut sender = link.sender()?;
            ready()?;
            // The receivers begin to look.
            std::thread::sleep(Duration::from_millis(20));
            send(sender.as_mut(), what)?
        }
        Some(number) => {
            pin(false)?;
            let mut receiver = link.receiver(number.parse()?)?;
            ready()?;
            receive(receiver.as_mut(), what)?
        }
    };
    let text: Vec<String> = said.drain(..).map(|number| number.to_string()).collect();
    println!("{}", text.join(" "));
    Ok(())
}

/// The sender has one processor, all receivers have another.
fn pin(sender: bool) -> Result<(), LinkError> {
    let allowed = sched_getaffinity(None)?;
    let mut processors = (0..CpuSet::MAX_CPU).filter(|cpu| allowed.is_set(*cpu));
    let chosen = if sender {
        processors.next()
    } else {
        processors.nth(1)
    };
    let mut set = CpuSet::new();
    set.set(chosen.ok_or("two processors are needed")?);
    Ok(sched_setaffinity(None, &set)?)
}

fn send(sender: &mut dyn Sender, what: &str) -> Result<Numbers, LinkError> {
    let (kind, values) = what.split_once('(').ok_or("what to send")?;
    let values: Vec<u64> = values
        .trim_end_matches(')')
        .split(", ")
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    let mut costs = Vec::new();
    match (kind, values.as_slice()) {
        ("Paced", &[count, gap]) => {
            for _ in 0..count {
                wait(gap);
                sender.send(clock::now());
            }
            return Ok(Vec::new());
        }
        ("Each", &[count, gap]) => {
            for _ in 0..count {
                wait(gap);
                let start = clock::now();
                sender.send(start);
                costs.push((clock::now() - start) as f64);
            }
        }
        ("Batches", &[count, gap]) => {
            for _ in 0..count {
                wait(gap);
                let start = clock::now();
                for _ in 0..BATCH {
                    sender.send(start);
                }
                costs.push((clock::now() - start) as f64 / BATCH as f64);
            }
        }
        ("Full", &[ms]) => {
            let start = Instant::now();
            while start.elapsed() < Duration::from_millis(ms) {
                for _ in 0..BATCH {
                    sender.send(clock::now());
                }
            }
            return Ok(Vec::new());
        }
        _ => return Err("what to send".into()),
    }
    Ok(percentiles(costs))
}

fn wait(gap: u64) {
    let start = clock::now();
    while clock::now() - start < gap {
        std::hint::spin_loop();
    }
}

fn receive(receiver: &mut dyn Receiver, what: &str) -> Result<Numbers, LinkError> {
    /// Nothing for so long: the sender is done.
    const DONE: Duration = Duration::from_millis(200);
    let mut last = Instant::now();
    let mut first = None;
    let mut ages = Vec::new();
    let mut count = 0;
    match what {
        "Latency" => {
            while ages.is_empty() || last.elapsed() < DONE {
                // Whether it is over is asked now and then only, not between looks.
                for _ in 0..10_000 {
                    if let Some(stamp) = receiver.receive() {
                        ages.push((clock::now() - stamp) as f64);
                        last = Instant::now();
                    }
                }
            }
            // Caches and predictors are warm after a tenth.
            ages.drain(..ages.len() / 10);
            Ok(percentiles(ages))
        }
        "Counting" => {
            while first.is_none() || last.elapsed() < DONE {
                let mut came = 0;
                for _ in 0..1_000 {
                    came += u64::from(receiver.receive().is_some());
                }
                if came > 0 {
                    count += came;
                    last = Instant::now();
                    first.get_or_insert(last);
                }
            }
            let span = last - first.ok_or("nothing came")?;
            Ok(vec![count as f64 / span.as_secs_f64()])
        }
        "Ticking" => loop {
            while receiver.receive().is_some() {}
            std::thread::sleep(Duration::from_millis(1));
        },
        "Hostile" => crate::hostile::spin(),
        _ => Err("what to receive".into()),
    }
}

/// Percentiles 50, 99 and 99.99.
fn percentiles(mut values: Vec<f64>) -> Numbers {
    values.sort_unstable_by(f64::total_cmp);
    let at = |part: f64| {
        let index = (values.len() as f64 * part) as usize;
        values
            .get(index.min(values.len().saturating_sub(1)))
            .copied()
    };
    [0.5, 0.99, 0.9999].into_iter().filter_map(at).collect()
}
