//! Running another program, or code that came as data.

use crate::attempt::{Attempt, Outcome};
use crate::compartment::{Compartment, text};
use crate::{step, sys};
use libc::{
    AT_EMPTY_PATH, AT_FDCWD, MAP_ANONYMOUS, MAP_PRIVATE, O_CREAT, O_RDONLY, O_RDWR, O_TRUNC,
    PROT_EXEC, PROT_READ, PROT_WRITE,
};

const PAGE: usize = 4096;

/// The attempts of this file.
pub const ATTEMPTS: &[Attempt] = &[
    Attempt {
        name: "exec-shell",
        what: "become /bin/sh",
        run: shell,
    },
    Attempt {
        name: "exec-itself",
        what: "execute the program's own file again (argument: its path)",
        run: itself,
    },
    Attempt {
        name: "exec-by-descriptor",
        what: "execute its own file by a second execveat",
        run: by_descriptor,
    },
    Attempt {
        name: "exec-dropped",
        what: "write a program (argument: a directory) and run it",
        run: dropped,
    },
    Attempt {
        name: "exec-memory-file",
        what: "make a memory file, for a program in it",
        run: memory_file,
    },
    Attempt {
        name: "exec-from-memory-file",
        what: "run a program from a memory file",
        run: from_memory_file,
    },
    Attempt {
        name: "exec-map-writable",
        what: "map memory writable and executable",
        run: map_writable,
    },
    Attempt {
        name: "exec-map-then-protect",
        what: "write to memory, then make it executable",
        run: map_then_protect,
    },
    Attempt {
        name: "exec-map-data",
        what: "map a data file (argument: its path) executable",
        run: map_data,
    },
    Attempt {
        name: "exec-map-channel",
        what: "map the memory of a channel executable",
        run: map_channel,
    },
    Attempt {
        name: "exec-fork",
        what: "start another process",
        run: fork,
    },
];

/// Where a program could be dropped, when the driver names no directory.
const DROPS: &[&str] = &["/tmp", "/dev/shm", "/run", "/var/tmp", "/dev", "/", "."];

fn execute(path: &str, argv: &[&str]) -> Result<i64, i32> {
    let path = text(path);
    let args: Vec<_> = argv.iter().map(|a| text(a)).collect();
    let mut pointers: Vec<u64> = args
        .iter()
        .map(|a| sys::address(a.to_bytes_with_nul()))
        .collect();
    pointers.push(0);
    let argv: Vec<u8> = pointers.iter().flat_map(|p| p.to_ne_bytes()).collect();
    sys!(
        libc::SYS_execve,
        path.as_c_str(),
        argv.as_slice(),
        &[0u8; 8]
    )
}

/// A shell that answers on the connection in this program's place.
const SHELL_ANSWERS: &str = r#"echo '{"attempt":"'$0'","outcome":"succeeded","errno":0,"detail":"a shell answers"}'; exit 0"#;

fn shell(compartment: &mut Compartment, _: &str) -> Outcome {
    compartment.answer_on_stdout();
    Outcome::of(
        "execve",
        execute("/bin/sh", &["sh", "-c", SHELL_ANSWERS, "exec-shell"]),
    )
}

fn itself(compartment: &mut Compartment, path: &str) -> Outcome {
    compartment.answer_on_stdout();
    let path = compartment.own_path(path);
    Outcome::of(
        "execve",
        execute(&path, &[&path, "--answer", "exec-itself"]),
    )
}

fn execute_descriptor(fd: i64, attempt: &str) -> Result<i64, i32> {
    let args = [text("cordon-attack"), text("--answer"), text(attempt)];
    let mut pointers: Vec<u64> = args
        .iter()
        .map(|a| sys::address(a.to_bytes_with_nul()))
        .collect();
    pointers.push(0);
    let argv: Vec<u8> = pointers.iter().flat_map(|p| p.to_ne_bytes()).collect();
    sys!(
        libc::SYS_execveat,
        fd,
        c"",
        argv.as_slice(),
        &[0u8; 8],
        AT_EMPTY_PATH
    )
}

fn by_descriptor(compartment: &mut Compartment, path: &str) -> Outcome {
    compartment.answer_on_stdout();
    let path = text(&compartment.own_path(path));
    let fd = step!(
        "openat",
        sys!(libc::SYS_openat, AT_FDCWD, path.as_c_str(), O_RDONLY)
    );
    Outcome::of("execveat", execute_descriptor(fd, "exec-by-descriptor"))
}

fn dropped(compartment: &mut Compartment, directory: &str) -> Outcome {
    let directories = if directory.is_empty() {
        DROPS
    } else {
        &[directory]
    };
    let mut last = Outcome::Unsupported("no directory".into());
    for directory in directories {
        let path = format!("{directory}/dropped");
        let name = text(&path);
        let flags = O_RDWR | O_CREAT | O_TRUNC;
        let fd = match sys!(libc::SYS_openat, AT_FDCWD, name.as_c_str(), flags, 0o755) {
            Ok(fd) => fd,
            Err(errno) => {
                last = Outcome::Refused(errno, "openat");
                continue;
            }
        };
        let script = b"#!/bin/sh\necho '{\"attempt\":\"exec-dropped\",\"outcome\":\"succeeded\",\"errno\":0,\"detail\":\"a dropped program answers\"}'\n";
        step!("write", sys!(libc::SYS_write, fd, script, script.len()));
        step!("close", sys!(libc::SYS_close, fd));
        compartment.answer_on_stdout();
        last = Outcome::of("execve", execute(&path, &[&path]));
    }
    last
}

fn memory_file(_: &mut Compartment, _: &str) -> Outcome {
    Outcome::of("memfd_create", sys!(libc::SYS_memfd_create, c"program", 0))
}

fn from_memory_file(compartment: &mut Compartment, path: &str) -> Outcome {
    let path = text(&compartment.own_path(path));
    let from = step!(
        "openat",
        sys!(libc::SYS_openat, AT_FDCWD, path.as_c_str(), O_RDONLY)
    );
    let to = step!("memfd_create", sys!(libc::SYS_memfd_create, c"program", 0));
    let mut piece = vec![0u8; 1 << 16];
    loop {
        let len = piece.len();
        let got = step!(
            "read",
            sys!(libc::SYS_read, from, piece.as_mut_slice(), len)
        );
        if got == 0 {
            break;
        }
        step!("write", sys!(libc::SYS_write, to, piece.as_slice(), got));
    }
    compartment.answer_on_stdout();
    Outcome::of("execveat", execute_descriptor(to, "exec-from-memory-file"))
}

fn mapped(result: Result<u64, i32>) -> Result<i64, i32> {
    result.map(|_| 0)
}

fn map_writable(_: &mut Compartment, _: &str) -> Outcome {
    let all = PROT_READ | PROT_WRITE | PROT_EXEC;
    Outcome::of(
        "mmap",
        mapped(sys::map(PAGE, all, MAP_PRIVATE | MAP_ANONYMOUS, -1)),
    )
}

fn map_then_protect(_: &mut Compartment, _: &str) -> Outcome {
    let at = step!(
        "mmap",
        sys::map(
            PAGE,
            PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS,
            -1
        )
    );
    Outcome::of(
        "mprotect",
        sys!(libc::SYS_mprotect, at, PAGE, PROT_READ | PROT_EXEC),
    )
}

fn map_data(_: &mut Compartment, path: &str) -> Outcome {
    if path.is_empty() {
        return Outcome::Unsupported("needs the path of a data file it may read".into());
    }
    let path = text(path);
    let fd = step!(
        "openat",
        sys!(libc::SYS_openat, AT_FDCWD, path.as_c_str(), O_RDONLY)
    );
    let fd = i32::try_from(fd).unwrap_or(-1);
    Outcome::of(
        "mmap",
        mapped(sys::map(PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd)),
    )
}

/// Refused by SELinux alone (no `execute` on a channel's type): a writer's
/// shared memory is out of the reach of mdwe, noexec-seal and Landlock.
fn map_channel(compartment: &mut Compartment, _: &str) -> Outcome {
    let Some(fd) = compartment.written else {
        return Outcome::Unsupported("writes no channel".into());
    };
    // Shared is refused by the filter; private is how the loader maps libraries.
    Outcome::of(
        "mmap",
        mapped(sys::map(PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd)),
    )
}

fn fork(_: &mut Compartment, _: &str) -> Outcome {
    Outcome::of("clone", sys::fork(0))
}
