//! The order of creation, hand-out, acknowledgement and seal, on this kernel.

mod common;

use common::{hand_to_reader, schema, sealed, spec};
use cordon_channel::attach::SEALS;
use cordon_channel::layout::{Layout, channel_id};
use cordon_channel::supervisor::{Creation, SealError};
use cordon_channel::{AttachError, Reading};
use rustix::fs::{
    MemfdFlags, OFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fcntl_getfl, fstat, ftruncate,
    memfd_create,
};
use rustix::io::{FdFlags, fcntl_getfd, pread, pwrite};

#[test]
fn creation_is_unsealed_sized_and_carries_header_and_schema() {
    let spec = spec(7);
    let creation = Creation::new(&spec).unwrap();
    let layout = Layout::new(&spec.schema, spec.pace);
    let seals = fcntl_get_seals(creation.writer_fd()).unwrap();
    assert!(!seals.intersects(SEALS), "{seals:?}");
    let stat = fstat(creation.writer_fd()).unwrap();
    assert_eq!(stat.st_size, i64::try_from(layout.size()).unwrap());
    let mut header = [0u8; 256];
    pread(creation.writer_fd(), &mut header, 0).unwrap();
    let words: Vec<u64> = header
        .chunks(8)
        .map(|word| u64::from_le_bytes(word.try_into().unwrap()))
        .collect();
    assert_eq!(words, layout.header(channel_id("vitals"), 7));
    let mut text = vec![0u8; 16 * 1024];
    pread(
        creation.writer_fd(),
        &mut text,
        layout.size() as u64 - 16384,
    )
    .unwrap();
    assert!(text.starts_with(schema().to_text().as_bytes()));
    assert!(text[schema().to_text().len()..].iter().all(|b| *b == 0));
}

#[test]
fn noexec_seal_is_reported_as_the_kernel_set_it() {
    let creation = Creation::new(&spec(1)).unwrap();
    let exec_sealed = fcntl_get_seals(creation.writer_fd()).unwrap().bits() & 0x20 != 0;
    let executable = fstat(creation.writer_fd()).unwrap().st_mode & 0o111 != 0;
    assert_eq!(creation.noexec_seal(), exec_sealed);
    assert_eq!(creation.noexec_seal(), !executable);
    assert_eq!(creation.seal().unwrap().noexec_seal(), exec_sealed);
}

#[test]
fn sealing_sets_four_seals_and_leaves_a_read_only_descriptor() {
    let sealed = sealed(1);
    let seals = fcntl_get_seals(sealed.reader_fd()).unwrap();
    assert!(seals.contains(SEALS), "{seals:?}");
    assert!(!seals.contains(SealFlags::WRITE), "{seals:?}");
    let flags = fcntl_getfl(sealed.reader_fd()).unwrap();
    assert_eq!(flags & OFlags::RWMODE, OFlags::RDONLY);
    let flags = fcntl_getfd(sealed.reader_fd()).unwrap();
    assert!(flags.contains(FdFlags::CLOEXEC));
}

#[test]
fn a_writer_that_seals_first_loses_the_channel_with_eperm() {
    let creation = Creation::new(&spec(1)).unwrap();
    fcntl_add_seals(creation.writer_fd(), SealFlags::SEAL).unwrap();
    match creation.seal() {
        Err(SealError::Refused { error, channel }) => {
            assert_eq!(error.raw_os_error(), Some(1), "EPERM");
            assert_eq!(channel, "vitals");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_writer_that_adds_a_seal_of_its_own_loses_the_channel() {
    let creation = Creation::new(&spec(1)).unwrap();
    fcntl_add_seals(creation.writer_fd(), SealFlags::WRITE).unwrap();
    let error = creation.seal().unwrap_err();
    assert!(matches!(error, SealError::Seals { .. }), "{error:?}");
}

#[test]
fn a_writer_that_truncates_before_acknowledging_loses_the_channel() {
    for size in [0, 4096] {
        let creation = Creation::new(&spec(1)).unwrap();
        ftruncate(creation.writer_fd(), size).unwrap();
        match creation.seal() {
            Err(SealError::Size { found, .. }) => assert_eq!(found, size as i64),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_writer_that_grows_it_loses_the_channel() {
    let creation = Creation::new(&spec(1)).unwrap();
    ftruncate(creation.writer_fd(), 1 << 30).unwrap();
    let error = creation.seal().unwrap_err();
    assert!(matches!(error, SealError::Size { .. }), "{error:?}");
}

#[test]
fn a_reader_attaches_what_is_sealed() {
    let fd = sealed(3).reader_fd().try_clone_to_owned().unwrap();
    let (mut reader, result) = hand_to_reader(fd, 3);
    result.unwrap();
    assert_eq!(reader.epoch(), Some(3));
    assert_eq!(reader.poll(), Reading::Nothing);
}

#[test]
fn a_reader_refuses_unsealed_memory_whatever_seal_is_missing() {
    let creation = Creation::new(&spec(1)).unwrap();
    let fd = creation.writer_fd().try_clone_to_owned().unwrap();
    let (mut reader, result) = hand_to_reader(fd, 1);
    let error = result.unwrap_err();
    assert!(matches!(*error, AttachError::Unsealed { .. }), "{error:?}");
    assert_eq!(reader.poll(), Reading::Absent);
    assert!(reader.refusal().is_some());

    for missing in [
        SealFlags::SEAL,
        SealFlags::SHRINK,
        SealFlags::GROW,
        SealFlags::FUTURE_WRITE,
    ] {
        let creation = Creation::new(&spec(1)).unwrap();
        fcntl_add_seals(creation.writer_fd(), SEALS.difference(missing)).unwrap();
        let fd = creation.writer_fd().try_clone_to_owned().unwrap();
        let error = hand_to_reader(fd, 1).1.unwrap_err();
        assert!(
            matches!(*error, AttachError::Unsealed { .. }),
            "{missing:?}: {error:?}"
        );
    }
}

#[test]
fn a_reader_refuses_what_is_no_memory_and_names_it() {
    let (pipe, _end) = rustix::pipe::pipe().unwrap();
    let file = std::fs::File::open(std::env::current_exe().unwrap()).unwrap();
    let (socket, _peer) = std::os::unix::net::UnixStream::pair().unwrap();
    let directory = std::fs::File::open("/").unwrap();
    let device = std::fs::File::open("/dev/null").unwrap();
    for (fd, name) in [
        (pipe, "a pipe"),
        (file.into(), "a file that has no seals"),
        (socket.into(), "a socket"),
        (directory.into(), "a directory"),
        (device.into(), "a character device"),
    ] {
        let error = hand_to_reader(fd, 1).1.unwrap_err();
        let said = error.to_string();
        assert!(
            said.starts_with(&format!("expected a memfd, found {name}: ")),
            "{said}"
        );
    }
}

#[test]
fn a_reader_refuses_the_memory_of_another_channel_by_the_word_that_differs() {
    let mut other = spec(1);
    other.name = "seen-remotely".to_owned();
    let sealed = Creation::new(&other).unwrap().seal().unwrap();
    let fd = sealed.reader_fd().try_clone_to_owned().unwrap();
    let (mut reader, result) = hand_to_reader(fd, 1);
    match &*result.unwrap_err() {
        AttachError::Header {
            word: 7,
            found,
            expected,
        } => {
            assert_eq!(*found, channel_id("seen-remotely"));
            assert_eq!(*expected, channel_id("vitals"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(reader.poll(), Reading::Absent);
}

#[test]
fn a_reader_refuses_a_size_no_channel_has() {
    for size in [0, 4096, 4097 * 8, 1 << 30] {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let memory = memfd_create("other", flags).unwrap();
        ftruncate(&memory, size).unwrap();
        fcntl_add_seals(&memory, SEALS).unwrap();
        let error = hand_to_reader(memory, 1).1.unwrap_err();
        assert!(matches!(*error, AttachError::Size { .. }), "{error:?}");
    }
}

#[test]
fn a_reader_refuses_a_size_that_is_not_its_layouts() {
    let layout = Layout::new(&schema(), common::PACE);
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let memory = memfd_create("other", flags).unwrap();
    ftruncate(&memory, layout.size() as u64 + 4096).unwrap();
    for (index, word) in layout.header(channel_id("vitals"), 1).iter().enumerate() {
        pwrite(&memory, &word.to_le_bytes(), index as u64 * 8).unwrap();
    }
    fcntl_add_seals(&memory, SEALS).unwrap();
    let error = hand_to_reader(memory, 1).1.unwrap_err();
    assert!(matches!(*error, AttachError::Size { .. }), "{error:?}");
}

#[test]
fn a_reader_refuses_each_wrong_header_word() {
    for word in 0..32u64 {
        let creation = Creation::new(&spec(1)).unwrap();
        let mut bytes = [0; 8];
        pread(creation.writer_fd(), &mut bytes, word * 8).unwrap();
        bytes[0] ^= 1;
        pwrite(creation.writer_fd(), &bytes, word * 8).unwrap();
        let sealed = creation.seal().unwrap();
        let fd = sealed.reader_fd().try_clone_to_owned().unwrap();
        let (mut reader, result) = hand_to_reader(fd, 1);
        match (word, &*result.unwrap_err()) {
            (2..=5, AttachError::Schema(said)) => {
                assert_eq!(said, &["the hashes differ, the texts do not"]);
                assert!(matches!(reader.poll(), Reading::Schema(_)));
            }
            (_, AttachError::Header { word: named, .. }) => {
                assert_eq!(*named as u64, word);
                assert_eq!(reader.poll(), Reading::Absent);
            }
            (word, other) => panic!("word {word}: {other:?}"),
        }
    }
}

#[test]
fn a_reader_refuses_another_epoch_than_it_was_told() {
    let fd = sealed(3).reader_fd().try_clone_to_owned().unwrap();
    let error = hand_to_reader(fd, 4).1.unwrap_err();
    assert!(
        matches!(*error, AttachError::Header { word: 6, .. }),
        "{error:?}"
    );
}

/// Without SELinux a tmpfs keeps the attribute as it is given, which shows that
/// the label is set on the memory itself and before it leaves.
#[test]
fn a_label_is_set_on_the_memory_that_is_handed_out() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: setting a security attribute needs root");
        assert!(std::env::var_os("CI").is_none(), "must run in CI");
        return;
    }
    let creation = Creation::new(&spec(1)).unwrap();
    let context = "system_u:object_r:cordon_monitor_vitals_channel_t:s0";
    creation.label(context).unwrap();
    let mut found = [0; 128];
    let length =
        rustix::fs::fgetxattr(creation.writer_fd(), c"security.selinux", &mut found[..]).unwrap();
    assert_eq!(&found[..length], context.as_bytes());
}
