//! Every claim about the base module is one the compiler holds: for each, small
//! changes that break it are rejected, and by that claim's own rules.

mod support;

use cordon_policygen::compile::{Outcome, violations};
use cordon_policygen::{BASE_ASSERTIONS, Claim, base_claims};
use std::collections::{BTreeMap, BTreeSet};
use support::*;

const SUPERVISOR: &str = "cordon_supervisor_t";

/// A component, and what its manifest grants.
const DEVICE: &str = "(type worker_t) (roletype system_r worker_t)
    (typeattributeset domain (worker_t)) (typeattributeset cordon_worker (worker_t))
    (type granted_t) (roletype object_r granted_t)
    (typeattributeset file_type (granted_t)) (typeattributeset cordon_granted (granted_t))";

/// Changes that break a claim: source, target, access. A claim without one fails the test.
fn mutations(claim: &Claim) -> Vec<(&'static str, &'static str, &'static str)> {
    let own = |target, access| (SUPERVISOR, target, access);
    match claim.id.split('(').next().unwrap() {
        "SU-1" => vec![
            own("security_t", "security (load_policy)"),
            own("security_t", "security (setenforce)"),
            own("security_t", "security (setbool)"),
            own("self", "process (setfscreate)"),
        ],
        "SU-2" => vec![
            own("bin_t", "file (write)"),
            own("lib_t", "file (append)"),
            own("etc_t", "file (create)"),
            own("etc_t", "dir (add_name)"),
            own("cordon_manifest_t", "file (write)"),
            own("cordon_supervisor_exec_t", "file (relabelfrom)"),
            own("file_type", "lnk_file (create)"),
        ],
        "SU-3" => vec![own("etc_t", "dir (mounton)")],
        "SU-4" => vec![
            own("bin_t", "file (execute_no_trans)"),
            own("self", "process (execmem)"),
            own("cordon_memfd_t", "file (execute)"),
            own("cordon_reaper_exec_t", "file (write)"),
            own("granted_t", "file (execute)"),
        ],
        "SU-5" => vec![
            own("shadow_t", "file (read)"),
            own("unlabeled_t", "file (open)"),
            own("non_security_file_type", "file (read)"),
        ],
        "SU-6" => vec![
            own("init_t", "process (ptrace)"),
            own("domain", "process (ptrace)"),
            own("syslogd_t", "process (signal)"),
            own("cordon_policy_t", "process (transition)"),
            own("cordon_reaper_t", "process (ptrace)"),
        ],
        "SU-7" => vec![
            ("syslogd_t", SUPERVISOR, "process (transition)"),
            ("worker_t", SUPERVISOR, "process (transition)"),
            ("init_t", SUPERVISOR, "process (dyntransition)"),
            own("bin_t", "file (entrypoint)"),
        ],
        "SU-8" => vec![
            own("self", "capability (sys_module)"),
            own("self", "capability (dac_override)"),
            own("self", "capability2 (mac_admin)"),
            own("self", "cap_userns (sys_admin)"),
        ],
        "SU-9" => vec![
            own("self", "system (module_load)"),
            own("self", "bpf (prog_load)"),
            own("self", "io_uring (sqpoll)"),
            own("framebuf_device_t", "chr_file (write)"),
        ],
        "SU-10" => vec![own("sysctl_vm_t", "file (write)")],
        "SU-11" => vec![
            own("self", "tcp_socket (connect)"),
            own("http_port_t", "tcp_socket (name_connect)"),
            own("self", "udp_socket (create)"),
        ],
        "RT-1" => vec![
            ("init_t", "cordon_runtime_t", "dir (add_name)"),
            ("worker_t", "cordon_notify_t", "dir (remove_name)"),
            ("cordon_policy_t", "cordon_runtime_t", "file (write)"),
            ("syslogd_t", "cordon_runtime_t", "sock_file (unlink)"),
        ],
        "RT-2" => vec![
            ("worker_t", "cordon_runtime_t", "sock_file (write)"),
            ("worker_t", "cordon_runtime_t", "dir (search)"),
            ("worker_t", SUPERVISOR, "unix_stream_socket (connectto)"),
        ],
        "CM-1" => vec![
            ("worker_t", "cordon_root_t", "dir (add_name)"),
            ("init_t", "cordon_root_t", "file (write)"),
        ],
        "CM-2" => vec![
            ("init_t", "cordon_memfd_t", "file (read)"),
            ("cordon_reaper_t", "cordon_memfd_t", "file (execute)"),
        ],
        "RE-1" => vec![
            ("init_t", "cordon_reaper_t", "process (transition)"),
            (SUPERVISOR, "cordon_reaper_t", "process (dyntransition)"),
            ("cordon_reaper_t", "bin_t", "file (entrypoint)"),
            (SUPERVISOR, "cordon_reaper_exec_t", "file (append)"),
        ],
        "RE-2" => vec![
            ("cordon_reaper_t", "self", "capability (kill)"),
            ("cordon_reaper_t", "bin_t", "file (execute_no_trans)"),
            ("cordon_reaper_t", "granted_t", "file (write)"),
            ("cordon_reaper_t", "worker_t", "process (sigkill)"),
            ("cordon_reaper_t", "self", "tcp_socket (create)"),
        ],
        "PO-1" => vec![
            ("syslogd_t", "cordon_policy_t", "process (transition)"),
            (SUPERVISOR, "cordon_policy_t", "process (transition)"),
            ("cordon_policy_t", "bin_t", "file (entrypoint)"),
        ],
        "PO-2" => vec![
            (SUPERVISOR, "semanage_t", "process (transition)"),
            (SUPERVISOR, "load_policy_t", "process (transition)"),
            ("worker_t", "setfiles_t", "process (transition)"),
            (SUPERVISOR, "cordon_policy_t", "process (ptrace)"),
        ],
        "PO-3" => vec![
            ("cordon_policy_t", "security_t", "security (load_policy)"),
            ("cordon_policy_t", "granted_t", "file (relabelto)"),
            ("cordon_policy_t", "semanage_store_t", "file (write)"),
            ("cordon_policy_t", "etc_t", "dir (add_name)"),
        ],
        "PO-4" => vec![
            ("init_t", "cordon_policy_tmp_t", "file (write)"),
            (SUPERVISOR, "cordon_policy_tmp_t", "dir (add_name)"),
        ],
        "PO-5" => vec![
            ("cordon_policy_t", "init_t", "process (signal)"),
            ("cordon_policy_t", "semanage_t", "process (ptrace)"),
            ("cordon_policy_t", "self", "capability (sys_admin)"),
        ],
        _ => panic!("claim {} has no mutation: write one", claim.id),
    }
}

#[test]
fn every_claim_rejects_what_breaks_it() {
    let claims = base_claims();
    let all: Vec<(&str, String)> = claims
        .iter()
        .flat_map(|claim| {
            mutations(claim)
                .into_iter()
                .map(|(source, target, access)| {
                    let rule = format!("(allow {source} {target} ({access}))");
                    (claim.id.as_str(), rule)
                })
        })
        .collect();
    let directory = scratch("base");
    let mut files = sources(&directory, &[], true);
    let assertions = files.last().unwrap().clone();
    let lines: Vec<&str> = all.iter().map(|(_, rule)| rule.as_str()).collect();
    let mutation = write(&directory, "mutation.cil", &lines.join("\n"));
    files.push(mutation.clone());
    files.push(write(&directory, "device.cil", DEVICE));
    let Some(outcome) = compile_on_stub(&files, &directory) else {
        return;
    };
    let Outcome::Failed { log } = outcome else {
        panic!("accepted: {outcome:?}");
    };
    let mut broken: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for violation in violations(&log, &assertions) {
        let claim = violation.claim(&claims).expect("a rule of no claim");
        if violation.file == mutation {
            let ids = broken.entry(violation.line).or_default();
            ids.insert(claim.id.clone());
        }
    }
    for (index, (id, rule)) in all.iter().enumerate() {
        let found = broken.get(&(index + 1));
        assert!(
            found.is_some_and(|found| found.contains(*id)),
            "{rule}\nshould break {id}, and breaks {found:?}\n{log}"
        );
    }
}

#[test]
fn claims_are_named_once_and_have_rules() {
    let claims = base_claims();
    let ids: BTreeSet<&str> = claims.iter().map(|claim| claim.id.as_str()).collect();
    assert_eq!(ids.len(), claims.len());
    for (index, line) in BASE_ASSERTIONS.lines().enumerate() {
        if line.starts_with("(neverallow") {
            let owns = |claim: &&Claim| (claim.first_line..=claim.last_line).contains(&(index + 1));
            assert_eq!(claims.iter().filter(owns).count(), 1, "line {}", index + 1);
        }
    }
}

/// What the base module is for stands in it and nowhere else: no rule of it can
/// vanish with a name that a base policy lacks, but those of a class that only
/// newer kernels and policies know.
#[test]
fn nothing_of_the_base_module_is_optional_but_a_class_of_newer_kernels() {
    let optionals = cordon_policygen::BASE_TEXT
        .lines()
        .filter(|line| line.trim_start().starts_with("(optional"));
    assert_eq!(
        optionals.collect::<Vec<_>>(),
        ["(optional cordon_memfd_class"]
    );
}
