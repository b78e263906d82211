//! Taking all there is of the machine: tasks and processors, or memory. Not
//! attempts: nothing refuses to ask, the component's limits are what holds.

use crate::attempt::Outcome;
use crate::sys;
use std::hint::black_box;

/// Threads asked for at most, far more than any component's limit.
const TASKS: usize = 4096;
/// Bytes taken at once.
const PORTION: usize = 1 << 20;

/// Starts tasks that never rest, until no more are given: processes where they
/// can be had, else threads. Says how many there are.
pub fn tasks() -> Outcome {
    // A child that ends at once shows whether processes can be had.
    let processes = sys::fork(0).is_ok();
    let mut threads = 0;
    while threads < TASKS {
        // Small stacks: tasks are what is to run out, not addresses.
        let thread = std::thread::Builder::new().stack_size(64 << 10);
        let spin = || {
            loop {
                black_box(0u64);
            }
        };
        if thread.spawn(spin).is_err() {
            break;
        }
        threads += 1;
    }
    let forked = if processes {
        "and may fork"
    } else {
        "and may not fork"
    };
    Outcome::Succeeded(format!("runs {threads} threads {forked}"))
}

/// Takes memory and writes to all of it, until the process is ended.
pub fn memory() -> Outcome {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    loop {
        taken.push(black_box(vec![0xa5; PORTION]));
    }
}
