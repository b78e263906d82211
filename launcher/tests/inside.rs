//! What a component finds around it: a reaper that ends its orphans, and
//! nothing of the launcher.

mod support;

use support::{Stage, root};

/// A shell, because it forks: looks through pid 1 for the launcher, leaves an
/// orphan behind, and says which processes it sees once that has ended.
const LOOK: &str = "if true < /proc/self/maps; then echo finds itself; fi; \
    for f in exe mem maps environ root/ cwd/ fd/0 ns/mnt; do \
    if true 2>&- < /proc/1/$f; then echo reached $f; else echo refused $f; fi; done; \
    ( ( i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done ) & ); \
    i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done; \
    for p in /proc/[0-9]*; do read pid name state rest < $p/stat; echo sees $pid $state; done";

#[test]
fn orphans_are_reaped_and_nothing_of_the_launcher_is_reachable() {
    if !root() {
        return;
    }
    let stage = Stage::new("inside");
    stage.manifest(
        &[(
            "one",
            &format!(
                "role: network-program\nexec: [/bin/sh, -c, '{LOOK}']\nproc: true\nfork: true\n\
                 restart: {{policy: never}}"
            ),
        )],
        "",
    );
    let output = stage.to_the_end();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("one| finds itself"), "it can look: {said}");
    assert!(!said.contains("reached"), "{said}");
    assert_eq!(said.matches("one| refused ").count(), 8, "{said}");
    // Its own process alone, running: no orphan is left, not even as a zombie.
    assert!(said.contains("one| sees 2 R"), "{said}");
    assert_eq!(said.matches("one| sees ").count(), 1, "{said}");
    stage.assert_nothing_left();
}
