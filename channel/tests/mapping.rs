//! What an end's memory is in its process, and that publishing is no more than
//! storing into it.
#![allow(unsafe_code, reason = "ends a thread that may make no other call")]

mod common;

use common::{NAME, PACE, link, schema};
use cordon_channel::{Control, Hub, Reader, Record, Trust, Writer};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

fn ends(name: &str) -> (Writer, Reader) {
    let mut link = link();
    link.name = name.to_owned();
    let mut hub = Hub::new(vec![link]).expect("hub");
    let mut display = Control::new(hub.start("display").expect("start"));
    let mut network = Control::new(hub.start("network").expect("start"));
    let writer = display.writer(name, &schema(), PACE);
    let reader = network.reader(name, &schema(), PACE, Trust::Trusted);
    display.poll();
    hub.service("display");
    network.poll();
    (writer, reader)
}

/// Permissions and VmFlags (proc_pid_smaps(5)) of each mapping of the channel.
fn mappings() -> Vec<(String, Vec<String>)> {
    let smaps = std::fs::read_to_string("/proc/self/smaps").expect("smaps");
    let mut found = Vec::new();
    let mut current = None;
    for line in smaps.lines() {
        if line.contains("/memfd:vitals") {
            current = line.split(' ').nth(1).map(str::to_owned);
        } else if let Some(flags) = line.strip_prefix("VmFlags: ")
            && let Some(permissions) = current.take()
        {
            let flags = flags.split_whitespace().map(str::to_owned).collect();
            found.push((permissions, flags));
        }
    }
    found.sort();
    found
}

#[test]
fn the_writers_memory_is_writable_the_readers_is_not_and_a_fork_has_neither() {
    let (mut writer, mut reader) = ends(NAME);
    let locked = [reader.is_locked(), writer.is_locked()];
    let found = mappings();
    let permissions: Vec<_> = found.iter().map(|(permissions, _)| permissions).collect();
    assert_eq!(permissions, ["r--s", "rw-s"]);
    for ((_, flags), locked) in found.iter().zip(locked) {
        assert!(
            flags.contains(&"dc".to_owned()),
            "not copied on fork: {flags:?}"
        );
        assert_eq!(flags.contains(&"lo".to_owned()), locked, "{flags:?}");
    }
    // May never be made writable: no `mw`.
    assert!(!found[0].1.contains(&"mw".to_owned()), "{found:?}");
    drop((writer, reader));
    assert!(mappings().is_empty(), "unmapped when dropped");
}

/// From here any other call ends this thread. (Not strict seccomp: that takes
/// the time-stamp counter too, which the vDSO's clock reads.)
fn allow_only_exit() {
    let instruction = |code, k, jt, jf| libc::sock_filter { code, jt, jf, k };
    let exit = u32::try_from(libc::SYS_exit).expect("a number");
    // BPF_LD|BPF_W|BPF_ABS of seccomp_data.nr; BPF_JMP|BPF_JEQ|BPF_K; BPF_RET.
    let mut filter = [
        instruction(0x20, 0, 0, 0),
        instruction(0x15, exit, 0, 1),
        instruction(0x06, libc::SECCOMP_RET_ALLOW, 0, 0),
        instruction(0x06, libc::SECCOMP_RET_KILL_THREAD, 0, 0),
    ];
    let program = libc::sock_fprog {
        len: 4,
        filter: filter.as_mut_ptr(),
    };
    // SAFETY: changes this thread's no_new_privs only.
    let done = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    assert_eq!(done, 0);
    let mode = libc::SECCOMP_MODE_FILTER;
    // SAFETY: the program and the filter it points to live through the call,
    // which copies them.
    let done = unsafe { libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const program) };
    assert_eq!(done, 0);
}

#[test]
fn publishing_and_beating_make_no_system_call() {
    // A name of its own: the other test looks for its mappings by name.
    let (mut writer, mut reader) = ends("beats");
    let mut record = Record::new(&schema());
    record
        .set(schema().field("heart-rate").expect("field"), 60)
        .expect("set");
    let published = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&published);
    std::thread::spawn(move || {
        // The first takes the attachment out of its mailbox.
        writer.publish(&record).expect("publish");
        allow_only_exit();
        for _ in 0..100_000 {
            writer.heartbeat();
            if let Ok(number) = writer.publish(&record) {
                seen.store(number, Ordering::Release);
            }
        }
        std::mem::forget((writer, record, seen));
        // SAFETY: ends this thread only, which owns nothing any more; its
        // stack stays mapped.
        unsafe { libc::syscall(libc::SYS_exit, 0) };
    });
    let start = Instant::now();
    while published.load(Ordering::Acquire) < 100_001 {
        let last = published.load(Ordering::Acquire);
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "ended after {last}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(reader.epoch(), Some(1));
}
