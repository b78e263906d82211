//! A program for the tests of the supervisor: does one thing, named by its
//! first argument, inside a compartment.

#![forbid(unsafe_code)]

use cordon_channel::{Control, Pace, Reading, Record, Schema, Trust};
use nix::sys::signal::{SigSet, Signal};
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::process::ExitCode;
use std::time::Duration;

/// The channel of the tests' manifests.
const PACE: Pace = Pace::Periodic {
    period_ns: 40_000_000,
    deadline_ns: 1_000_000_000,
};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["exit", code] => return ExitCode::from(code.parse().unwrap_or(99)),
        ["abort"] => std::process::abort(),
        ["ready"] => notify("READY=1\nSTATUS=all is well"),
        ["stubborn"] => {
            let mut set = SigSet::empty();
            set.add(Signal::SIGTERM);
            let _ = set.thread_block();
            notify("READY=1");
        }
        ["trigger"] => {
            notify("READY=1");
            notify("WATCHDOG=trigger");
        }
        ["alive", times] => {
            notify("READY=1");
            for _ in 0..times.parse().unwrap_or(0) {
                notify("WATCHDOG=1");
                wait(100);
            }
            println!("silent from now on");
        }
        ["say", text] => {
            println!("{text}");
            eprintln!("and {text} as an error");
            notify("READY=1");
        }
        ["flood"] => {
            notify("READY=1");
            loop {
                println!("x");
                notify("STATUS=flooding");
            }
        }
        ["environment"] => {
            for (name, value) in std::env::vars() {
                println!("{name}={value}");
            }
            notify("READY=1");
        }
        ["serve"] => return serve(),
        ["mark"] => return mark(),
        ["attempt"] => attempt(),
        ["trace"] => {
            notify("READY=1");
            let _ = nix::sys::ptrace::traceme();
        }
        ["write"] => return write(),
        ["read"] => return read(),
        _ => return ExitCode::from(98),
    }
    loop {
        wait(1000);
    }
}

fn wait(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

fn notify(text: &str) {
    let Some(path) = std::env::var_os("NOTIFY_SOCKET") else {
        return;
    };
    let sent = UnixDatagram::unbound().and_then(|socket| socket.send_to(text.as_bytes(), path));
    if let Err(error) = sent {
        println!("notify: {error}");
    }
}

/// Tries again and again what is refused, each thing by another layer or for
/// another reason; also under a name that looks like the fields of a record.
fn attempt() {
    notify("READY=1");
    loop {
        let hostile = std::thread::Builder::new().name("x\" uid=0 pid=1".into());
        let given = hostile.spawn(|| std::os::unix::fs::chown("/dev/null", Some(0), None));
        let _ = given.map(std::thread::JoinHandle::join);
        let _ = std::process::Command::new("/bin/true").status();
        let _ = std::fs::read_dir("/");
        let _ = std::fs::read_dir("/opt");
        let _ = std::fs::File::open("/etc/passwd");
        let _ = std::net::TcpStream::connect("127.0.0.1:4");
        let _ = std::fs::File::open("/dev/urandom").map(|node| node.is_terminal());
        wait(200);
    }
}

/// Answers every connection on the socket `web`.
fn serve() -> ExitCode {
    let Some((_, socket)) = cordon_channel::descriptors()
        .into_iter()
        .find(|(name, _)| name == "web")
    else {
        return ExitCode::from(97);
    };
    let listener = TcpListener::from(socket);
    notify("READY=1");
    loop {
        if let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.write_all(format!("served by {}\n", std::process::id()).as_bytes());
        }
    }
}

/// Writes the names of what it inherited to the file `mark`.
fn mark() -> ExitCode {
    let inherited = cordon_channel::descriptors();
    let names: Vec<String> = inherited.iter().map(|(name, _)| name.clone()).collect();
    for (name, fd) in inherited {
        let mut file = std::fs::File::from(fd);
        if name == "mark" && writeln!(file, "{}", names.join(" ")).is_err() {
            return ExitCode::from(96);
        }
        if name == "source" {
            let mut text = String::new();
            let _ = file.read_to_string(&mut text);
            println!("source holds {}", text.trim());
        }
    }
    notify("READY=1");
    loop {
        wait(1000);
    }
}

fn schema() -> Schema {
    Schema::parse("count u32\n").expect("the schema is one of ours")
}

fn write() -> ExitCode {
    let Some(mut control) = Control::from_listen_fds() else {
        return ExitCode::from(95);
    };
    let schema = schema();
    let mut writer = control.writer("counts", &schema, PACE);
    let field = schema.field("count").expect("the field is there");
    notify("READY=1");
    for count in 1.. {
        control.poll();
        let mut record = Record::new(&schema);
        let _ = record.set(field, count);
        let _ = writer.publish(&record);
        wait(40);
    }
    ExitCode::SUCCESS
}

fn read() -> ExitCode {
    let Some(mut control) = Control::from_listen_fds() else {
        return ExitCode::from(95);
    };
    let schema = schema();
    let mut reader = control.reader("counts", &schema, PACE, Trust::Trusted);
    notify("READY=1");
    let mut seen = 0;
    loop {
        control.poll();
        if matches!(reader.poll(), Reading::Fresh(_) | Reading::Gap { .. }) {
            seen += 1;
        }
        let epoch = reader.epoch().unwrap_or(0);
        notify(&format!("STATUS=epoch {epoch}, seen {seen}"));
        wait(20);
    }
}
