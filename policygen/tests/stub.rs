//! Every example on the stub base: syntax, names, file contexts, and the
//! device's own assertions, in hundredths of a second.

mod support;

use support::*;

#[test]
fn every_example_compiles_with_its_assertions() {
    let target = stub_target();
    for example in examples() {
        let plan = plan(&example);
        let policy = policy(&plan, &target);
        let directory = scratch(&format!("stub-{example}"));
        let files = sources(&directory, &[(&plan, &policy)], true);
        let Some(outcome) = compile_on_stub(&files, &directory) else {
            return;
        };
        let (_, contexts) = compiled(outcome);
        let contexts = std::fs::read_to_string(contexts).unwrap();
        for line in policy.contexts.lines() {
            assert!(
                contexts.lines().any(|other| other == line),
                "{example}: {line:?} is not in\n{contexts}"
            );
        }
    }
}
