//! Taking all there is of the machine: tasks and processors, memory, or disk. Not
//! attempts: nothing refuses to ask, the component's limits are what holds.

use crate::attempt::Outcome;
use crate::sys;
use std::ffi::CString;
use std::fs::File;
use std::hint::black_box;
use std::io::Write as _;

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

/// Writes one file until no more is taken, then makes empty ones until no more
/// are made: `BYTES ERRNO FILES ERRNO`.
pub fn disk(directory: &str) -> Outcome {
    let written = File::create(format!("{directory}/hog")).map(|mut file| {
        let portion = vec![0xa5; PORTION >> 4];
        let mut bytes = 0;
        loop {
            match file.write(&portion) {
                Ok(0) => return (bytes, 0),
                Ok(more) => bytes += more,
                Err(error) => return (bytes, error.raw_os_error().unwrap_or(0)),
            }
        }
    });
    let (bytes, full) = match written {
        Ok(written) => written,
        Err(error) => return Outcome::Refused(error.raw_os_error().unwrap_or(0), "creating"),
    };
    let mut files = 0;
    let none_left = loop {
        match File::create(format!("{directory}/{files}")) {
            Ok(_) => files += 1,
            Err(error) => break error.raw_os_error().unwrap_or(0),
        }
    };
    Outcome::Succeeded(format!("{bytes} {full} {files} {none_left}"))
}

/// Takes a directory out of the project that limits it, as its owner may.
pub fn leave_project(directory: &str) -> Outcome {
    // linux/fs.h: FS_IOC_FSSETXATTR, of a struct fsxattr of nothing but zeros.
    const SET_ATTRIBUTES: u32 = 0x401c_5820;
    let Ok(path) = CString::new(directory) else {
        return Outcome::Unsupported("no path".into());
    };
    let flags = libc::O_RDONLY | libc::O_DIRECTORY;
    let opened = sys!(libc::SYS_openat, libc::AT_FDCWD, path.as_c_str(), flags);
    match opened {
        Ok(fd) => {
            let nothing = [0u8; 28];
            let left = sys!(libc::SYS_ioctl, fd, SET_ATTRIBUTES, &nothing);
            Outcome::of("ioctl(FS_IOC_FSSETXATTR)", left)
        }
        Err(errno) => Outcome::Refused(errno, "openat"),
    }
}
