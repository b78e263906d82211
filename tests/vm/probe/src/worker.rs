//! In a component's domain: tries what each argument says, and answers by a
//! line `TRY<tab>OUTCOME` on standard output.

use crate::{outcome, sys};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::sys::{prctl, ptrace, signal};
use nix::unistd::{Pid, pause};
use std::fs::{self, OpenOptions};
use std::io;
use std::net::{TcpListener, TcpStream};

/// Tries one after the other.
pub fn run(tries: impl Iterator<Item = String>) -> io::Result<()> {
    for tried in tries {
        if tried == "stay" {
            sys::say("done\t\n");
            loop {
                pause();
            }
        }
        // PEER's number is another one at each run; the try's name is not.
        let (what, argument) = tried.split_once(':').unwrap_or((&tried, ""));
        let outcome = attempt(what, argument);
        let name = if PEERS.contains(&what) { what } else { &tried };
        sys::say(&format!("{name}\t{outcome}\n"));
    }
    Ok(())
}

/// Tries whose argument is the number of another component's process.
const PEERS: &[&str] = &["signal", "ptrace", "read-memory", "list-descriptors"];

/// The outcome in a word.
fn attempt(what: &str, argument: &str) -> String {
    // Nothing has this number, neither as a descriptor nor as a process.
    let number = || argument.parse::<i32>().unwrap_or(i32::MAX);
    let port = || argument.parse::<u16>().unwrap_or(0);
    let peer = || Pid::from_raw(number());
    match what {
        // What the exec made of it.
        "death-signal" => match prctl::get_pdeathsig() {
            Ok(None) => "none".into(),
            Ok(Some(signal)) => signal.to_string(),
            Err(errno) => outcome::name(errno),
        },
        "secure" => sys::is_secure_exec().to_string(),
        "no-new-privs" => prctl::get_no_new_privs().map_or_else(outcome::name, |it| it.to_string()),

        // Descriptors it was given.
        "descriptor" => sys::describe(number()),
        "map-read" => outcome::of(sys::map_shared(number(), sys::Protection::Read)),
        "map-write" => outcome::of(sys::map_shared(number(), sys::Protection::Write)),
        "map-execute" => outcome::of(sys::map_shared(number(), sys::Protection::Execute)),
        "reopen" => open(&format!("/proc/self/fd/{argument}"), true),
        "bind-descriptor" => outcome::of(sys::bind_again(number())),
        "listen-descriptor" => outcome::of(sys::listen_again(number())),
        "connect-descriptor" => outcome::of(sys::connect_again(number())),

        // Memory.
        "map-anonymous-execute" => outcome::of(sys::map_writable_code()),
        "protect-execute" => outcome::of(sys::make_code_of_data()),

        // Files and programs.
        "read" => open(argument, false),
        "write" => open(argument, true),
        "execute" => outcome::name(sys::execute(argument, None, &[argument.to_owned()])),
        "set-exec-context" => outcome::of_io(sys::set_exec_context(argument)),
        "set-context" => outcome::of_io(sys::set_attribute("current", argument)),

        // The network.
        "bind" => outcome::of_io(TcpListener::bind(("127.0.0.1", port()))),
        "connect" => outcome::of_io(TcpStream::connect(("127.0.0.1", port()))),

        // Another component.
        "signal" => outcome::of(signal::kill(peer(), Signal::SIGUSR1)),
        "ptrace" => outcome::of(ptrace::seize(peer(), ptrace::Options::empty())),
        "read-memory" => open(&format!("/proc/{argument}/mem"), false),
        "list-descriptors" => outcome::of_io(fs::read_dir(format!("/proc/{argument}/fd"))),
        _ => outcome::name(Errno::ENOSYS),
    }
}

fn open(path: &str, write: bool) -> String {
    outcome::of_io(OpenOptions::new().read(true).write(write).open(path))
}
