//! A binary policy is somebody's file: whatever stands in it, reading it ends in
//! a policy or a typed error, with memory of the order of the file's.

mod support;

use cordon_policygen::compile::Outcome;
use cordon_policygen::{Act, Base, BinaryError};
use std::process::Command;
use support::*;

/// Says to a process of this test that it is the one whose memory is limited.
const LIMITED: &str = "CORDON_TEST_LIMITED";

/// Runs a test's body in a process that may have this much memory (kB).
fn limited(name: &str, kilobytes: u32, body: impl FnOnce()) {
    if std::env::var_os(LIMITED).is_some() {
        return body();
    }
    let script = format!("ulimit -v {kilobytes}; exec \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &script, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(LIMITED, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", output.status);
}

/// The stub base policy with the base module, compiled.
fn policy(name: &str) -> Option<Vec<u8>> {
    let directory = scratch(name);
    let files = sources(&directory, &[], false);
    match compile_on_stub(&files, &directory)? {
        Outcome::Compiled { policy, .. } => Some(std::fs::read(policy).unwrap()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_beginning_of_a_policy_is_a_typed_error() {
    let Some(whole) = policy("binary-prefixes") else {
        return;
    };
    limited(
        "every_beginning_of_a_policy_is_a_typed_error",
        1 << 20,
        || {
            assert!(Base::from_binary(&whole).is_ok());
            // All at the beginning, where the headers are; then so many that every
            // table is cut in all its parts.
            let step = whole.len() / 1000 + 1;
            let lengths = (0..512).chain((512..whole.len()).step_by(step));
            for length in lengths {
                let found = Base::from_binary(&whole[..length]);
                let expected = if length < 16 {
                    BinaryError::NotAPolicy
                } else {
                    BinaryError::Ends { length }
                };
                assert_eq!(found.err(), Some(expected), "{length} of {}", whole.len());
            }
            // An error says where, and says it once the file is whole, too.
            let text = BinaryError::Ends { length: 9 }.to_string();
            assert_eq!(text, "the policy ends at byte 9");
        },
    );
}

#[test]
fn every_changed_byte_is_a_policy_or_a_typed_error() {
    let Some(whole) = policy("binary-bytes") else {
        return;
    };
    limited(
        "every_changed_byte_is_a_policy_or_a_typed_error",
        1 << 20,
        || {
            let mut changed = whole.clone();
            let step = whole.len() / 400 + 1;
            for at in (0..512).chain((512..whole.len()).step_by(step)) {
                for value in [!whole[at], whole[at] ^ 1, 0xff] {
                    changed[at] = value;
                    let _ = Base::from_binary(&changed);
                    let _ = Base::of_domain(&changed, "init_t");
                }
                changed[at] = whole[at];
            }
            // Numbers that announce more than there is, and more than there can be.
            let step = (whole.len() / 500 + 1) | 1;
            for at in (0..whole.len() - 4).step_by(step) {
                for number in [u32::MAX, 0x7fff_ffff, 0x0100_0000, 0] {
                    changed[at..at + 4].copy_from_slice(&number.to_le_bytes());
                    let _ = Base::from_binary(&changed);
                }
                changed[at..at + 4].copy_from_slice(&whole[at..at + 4]);
            }
        },
    );
}

/// A policy being put together by hand.
struct Hand(Vec<u8>);

impl Hand {
    /// Up to and without the tables of names: version 33, no MLS.
    fn begin() -> Self {
        let mut hand = Self(Vec::new());
        hand.numbers(&[0xf97c_ff8c, 8]);
        hand.0.extend(b"SE Linux");
        hand.numbers(&[33, 0, 8, 9]);
        hand.numbers(&[64, 0, 0]).numbers(&[64, 0, 0]);
        hand
    }

    fn numbers(&mut self, numbers: &[u32]) -> &mut Self {
        self.0
            .extend(numbers.iter().flat_map(|one| one.to_le_bytes()));
        self
    }

    /// Tables of names without any, up to the booleans' and without it.
    fn up_to_booleans(mut self) -> Self {
        for _ in 0..5 {
            self.numbers(&[0, 0]);
        }
        self
    }

    /// From behind the booleans to behind the rules.
    fn up_to_conditions(&mut self) -> &mut Self {
        self.numbers(&[0, 0]).numbers(&[0, 0]).numbers(&[0])
    }
}

/// Eight bytes of a condition repeat a name of any length, or the whole condition
/// so far: that is no file's to multiply.
#[test]
fn what_repeats_itself_does_not_grow() {
    limited("what_repeats_itself_does_not_grow", 1 << 19, || {
        let name = vec![b'b'; 4096];
        let condition = |parts: &[(u32, u32)]| {
            let mut hand = Hand::begin().up_to_booleans();
            hand.numbers(&[1, 1, 1, 0, 4096]).0.extend(&name);
            hand.up_to_conditions().numbers(&[1, 0]);
            hand.numbers(&[u32::try_from(parts.len()).unwrap()]);
            for (kind, boolean) in parts {
                hand.numbers(&[*kind, *boolean]);
            }
            Base::from_binary(&hand.0).err()
        };
        let error = Some(BinaryError::Condition);
        assert_eq!(condition(&vec![(1, 1); 500_000]), error);
        let mut not = vec![(2, 0); 500_000];
        not[0] = (1, 1);
        assert_eq!(condition(&not), error);
        let both = [(1, 1), (1, 1), (4, 0)].repeat(100_000);
        assert_eq!(condition(&both), error);
        for kind in [0, 8, u32::MAX] {
            assert_eq!(condition(&[(kind, 1)]), error);
        }
        // What a kernel takes is read, as far as there is something to read.
        let taken = condition(&[(1, 1), (1, 1), (3, 0), (2, 0)]);
        assert!(matches!(taken, Some(BinaryError::Ends { .. })), "{taken:?}");

        let mut long = Hand::begin().up_to_booleans();
        long.numbers(&[1, 1, 1, 0, 5000]).0.extend(vec![b'b'; 5000]);
        let found = Base::from_binary(&long.0).err();
        assert!(
            matches!(found, Some(BinaryError::TooLong { length: 5000, .. })),
            "{found:?}"
        );
    });
}

/// A scan of the binary finds whom the base trusts, as one of the source does.
#[test]
fn a_binary_says_whom_it_trusts() {
    let directory = scratch("binary-trusted");
    let source = std::fs::read_to_string(tests("stub.cil")).unwrap()
        + "(type tracer_t) (roletype system_r tracer_t) (typeattribute tracers)
           (typeattributeset tracers (tracer_t)) (typeattributeset domain (tracer_t))
           (allow tracers domain (process (ptrace)))
           (allow init_t exec_type (file (unlink)))";
    let file = write(&directory, "base.cil", &source);
    let outcome = cordon_policygen::compile::Tools::host().compile(33, &[file], &directory);
    let Some(Outcome::Compiled { policy, .. }) = ran(outcome.unwrap()) else {
        return;
    };
    let binary = Base::from_binary(&std::fs::read(policy).unwrap()).unwrap();
    let source = Base::from_source(&[source]).unwrap();
    assert_eq!(binary.trusted, source.trusted);
    let of = |act| binary.trusted[&act].iter().cloned().collect::<Vec<_>>();
    assert_eq!(of(Act::Trace), ["tracer_t"]);
    assert_eq!(of(Act::Change), ["init_t"]);
}
