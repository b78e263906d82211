//! In the supervisor's domain: makes channels and sockets, starts each case's
//! program, and says how it ended and in which domain.

use crate::case::Case;
use crate::{outcome, sys};
use nix::fcntl::OFlag;
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, pipe2};
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::os::fd::OwnedFd;

/// First number of a case's descriptors.
const FIRST: i32 = 10;

/// Runs the cases on standard input. The first result is the supervisor's own.
pub fn run() -> io::Result<()> {
    print(&outcome::json("supervisor", &own_context()?, "", &[]))?;
    let mut peer = None;
    let cases: Vec<String> = io::stdin().lines().collect::<Result<_, _>>()?;
    for line in cases.iter().filter(|line| !line.is_empty()) {
        let case = Case::parse(line).ok_or_else(|| io::Error::other(format!("no case: {line}")))?;
        let result = one(&case, &mut peer).unwrap_or_else(|error| {
            outcome::json(&case.name, "", &format!("not started: {error}"), &[])
        });
        print(&result)?;
    }
    if let Some(peer) = peer {
        sys::kill(peer);
    }
    Ok(())
}

fn print(line: &str) -> io::Result<()> {
    io::Write::write_all(&mut io::stdout(), line.as_bytes())
}

fn own_context() -> io::Result<String> {
    Ok(context_in(&fs::read_to_string("/proc/self/attr/current")?))
}

fn context_in(text: &str) -> String {
    text.trim_end_matches(['\0', '\n']).to_owned()
}

/// Runs a case to its end, or to the end of its tries where it stays.
fn one(case: &Case, peer: &mut Option<Pid>) -> io::Result<String> {
    let mut descriptors = Vec::new();
    for wanted in &case.descriptors {
        descriptors.push(descriptor(wanted)?);
    }
    let (read, write) = pipe2(OFlag::O_CLOEXEC)?;
    let Some(child) = sys::fork()? else {
        start(case, &descriptors, write, *peer);
    };
    drop(write);
    drop(descriptors);
    let mut said = String::new();
    if case.stay {
        let mut lines = BufReader::new(File::from(read));
        while !said.ends_with("done\t\n") && lines.read_line(&mut said)? > 0 {}
        *peer = Some(child);
        let domain = context_in(&fs::read_to_string(format!("/proc/{child}/attr/current"))?);
        return Ok(outcome::json(&case.name, &domain, "", &tries(&said)));
    }
    // What it says may stop in the middle of a character, when it is killed.
    let mut bytes = Vec::new();
    File::from(read).read_to_end(&mut bytes)?;
    said.push_str(&String::from_utf8_lossy(&bytes));
    // It has ended and is not reaped yet: its domain still can be read.
    let exit = sys::wait_unreaped(child)?;
    let domain = fs::read_to_string(format!("/proc/{child}/attr/current"));
    sys::reap(child);
    let domain = domain.map_or_else(|error| error.to_string(), |text| context_in(&text));
    Ok(outcome::json(&case.name, &domain, &exit, &tries(&said)))
}

fn tries(said: &str) -> Vec<(String, String)> {
    let pairs = said.lines().filter_map(|line| line.split_once('\t'));
    pairs
        .filter(|(tried, _)| *tried != "done")
        .map(|(tried, outcome)| (tried.to_owned(), outcome.to_owned()))
        .collect()
}

/// `TYPE:rw`, `TYPE:ro`: a memfd of this type, its only description writable
/// or read-only. `listener:PORT`: a socket bound and listening.
fn descriptor(wanted: &str) -> io::Result<OwnedFd> {
    let (what, how) = wanted.split_once(':').unwrap_or((wanted, ""));
    if what == "listener" {
        let port: u16 = how.parse().map_err(io::Error::other)?;
        return Ok(TcpListener::bind(("127.0.0.1", port))?.into());
    }
    let memory = sys::memory_file(4096)?;
    if !what.is_empty() {
        sys::label_descriptor(&memory, &format!("system_u:object_r:{what}:s0"))?;
    }
    if how == "ro" {
        sys::reopen_read_only(&memory)
    } else {
        Ok(memory)
    }
}

/// The child: everything up to and with the exec. What fails is said as a try.
fn start(case: &Case, descriptors: &[OwnedFd], output: OwnedFd, peer: Option<Pid>) -> ! {
    let failed = prepare(case, descriptors, &output, peer);
    sys::write(&output, &format!("{failed}\n"));
    sys::exit(99)
}

fn prepare(case: &Case, descriptors: &[OwnedFd], output: &OwnedFd, peer: Option<Pid>) -> String {
    let program = match case
        .outer
        .then(|| sys::open_program(&case.program))
        .transpose()
    {
        Ok(program) => program,
        Err(errno) => return format!("open\t{}", outcome::name(errno)),
    };
    if case.outer
        && let Err(errno) = sys::new_mount_namespace()
    {
        return format!("unshare\t{}", outcome::name(errno));
    }
    for (number, from) in (FIRST..).zip(descriptors) {
        sys::place(from, number);
    }
    // As the real one gives them: nothing to read, and a pipe to say things on.
    match File::open("/dev/null") {
        Ok(null) => sys::place(&null.into(), 0),
        Err(error) => return format!("null\t{}", outcome::of_io::<()>(Err(error))),
    }
    sys::place(output, 1);
    sys::place(output, 2);
    // Set as a launcher would that knew no better.
    let _ = prctl::set_pdeathsig(Signal::SIGKILL);
    if case.no_new_privs {
        let _ = prctl::set_no_new_privs();
    }
    if let Some(context) = &case.context
        && let Err(error) = sys::set_exec_context(context)
    {
        return format!("setexec\t{}", outcome::of_io::<()>(Err(error)));
    }
    let mut arguments = vec![case.program.clone()];
    let number = peer.map_or_else(String::new, |peer| peer.to_string());
    arguments.extend(
        case.tries
            .iter()
            .map(|tried| tried.replace("PEER", &number)),
    );
    if case.stay {
        arguments.push("stay".into());
    }
    let errno = sys::execute(&case.program, program.as_ref(), &arguments);
    format!("exec\t{}", outcome::name(errno))
}
