//! Ctrl-C: the device is stopped and its directory removed all the same.

use cordon_tests::{fastopen, stage};
use nix::sys::signal::{SigSet, Signal};
use std::path::PathBuf;
use std::process::Command;

/// From now on SIGINT and SIGTERM end the demo in good order: `stop` is run
/// first, then `directory` is removed and net.ipv4.tcp_fastopen is as it was.
pub fn clean_up(stop: Vec<String>, directory: PathBuf, fast_open: Option<String>) {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGINT);
    signals.add(Signal::SIGTERM);
    // Blocked here and in every later thread, so that the one below gets them.
    if signals.thread_block().is_err() {
        return;
    }
    std::thread::spawn(move || {
        let _ = signals.wait();
        println!("\n   stopping");
        if let [program, arguments @ ..] = stop.as_slice() {
            let _ = Command::new(program).args(arguments).output();
        }
        stage::remove(&directory);
        if let Some(before) = fast_open {
            fastopen::restore(&before);
        }
        std::process::exit(130);
    });
}
