//! /proc/PID/status: user, groups, capability sets, no_new_privs, seccomp.

use super::Proof;
use crate::layers::Layers;
use cordon_manifest::plan::{Component, Layer};
use std::fs;

/// The lines of /proc/PID/status that say something of confinement.
pub fn compare(proof: &mut Proof, pid: i32, component: &Component, layers: &Layers) {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let value = |key: &str| -> String {
        text.lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))
            .map_or_else(
                || "not shown".into(),
                |rest| rest.split_whitespace().collect::<Vec<_>>().join(" "),
            )
    };
    if layers.on(Layer::Capabilities) {
        for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            proof.compare(Layer::Capabilities, set, "0000000000000000", value(set));
        }
        let user = &component.user.value;
        proof.compare(Layer::Capabilities, "Uid", four(user.uid), value("Uid"));
        proof.compare(Layer::Capabilities, "Gid", four(user.gid), value("Gid"));
        proof.compare(Layer::Capabilities, "Groups", "", value("Groups"));
    }
    if layers.on(Layer::NoNewPrivs) {
        proof.compare(Layer::NoNewPrivs, "NoNewPrivs", "1", value("NoNewPrivs"));
    }
    if layers.on(Layer::Seccomp) {
        proof.compare(Layer::Seccomp, "Seccomp", "2", value("Seccomp"));
        proof.compare(
            Layer::Seccomp,
            "Seccomp_filters",
            "1",
            value("Seccomp_filters"),
        );
    }
}

/// Pid 1 of the compartment: what makes it useless to whoever reaches it.
pub fn compare_reaper(proof: &mut Proof, pid: i32) {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    for (key, wanted) in [
        ("NoNewPrivs", "1"),
        ("Seccomp", "2"),
        ("CapEff", "0000000000000000"),
        ("CapBnd", "0000000000000000"),
    ] {
        let found = text
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        let name = format!("pid 1 {key}");
        proof.compare(
            Layer::Namespaces,
            &name,
            wanted,
            found.unwrap_or("not shown").trim(),
        );
    }
    let open = fs::read_dir(format!("/proc/{pid}/fd")).map_or(usize::MAX, Iterator::count);
    proof.compare(
        Layer::Namespaces,
        "pid 1 descriptors",
        "0",
        open.to_string(),
    );
}

/// Real, effective, saved and file-system id.
fn four(id: u32) -> String {
    format!("{id} {id} {id} {id}")
}
