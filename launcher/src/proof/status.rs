//! /proc/PID/status: user, groups, capability sets, no_new_privs, seccomp.

use super::Proof;
use crate::compartment::FILTERS;
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
            FILTERS.to_string(),
            value("Seccomp_filters"),
        );
    }
}

/// Real, effective, saved and file-system id.
fn four(id: u32) -> String {
    format!("{id} {id} {id} {id}")
}
