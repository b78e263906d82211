//! Every claim is one the compiler holds: for each, the smallest change that
//! breaks it is rejected, and by that claim's own rule.

mod support;

use cordon_manifest::plan::{Access, Plan};
use cordon_policygen::compile::{Outcome, violations};
use cordon_policygen::{Claim, Policy, names};
use std::collections::{BTreeMap, BTreeSet};
use support::*;

/// A component of another device, and a domain of somebody's module.
const NEIGHBOUR: &str = "(type neighbour_t) (roletype system_r neighbour_t)
    (typeattributeset domain (neighbour_t)) (typeattributeset cordon_worker (neighbour_t))
    (type stranger_t) (roletype system_r stranger_t) (typeattributeset domain (stranger_t))";

/// Changes that break a claim. A claim without one fails the test.
fn mutations(plan: &Plan, claim: &Claim) -> Vec<String> {
    let (kind, about) = claim.id.split_once('(').unwrap();
    let about = about.strip_suffix(')').unwrap();
    let domain = names::domain_type(&plan.device, about);
    let allow =
        |source: &str, target: &str, access: &str| format!("(allow {source} {target} ({access}))");
    let own = |target: &str, access: &str| allow(&domain, target, access);
    match kind {
        "CH-1" | "CH-2" | "CH-3" | "CH-4" => {
            let label = names::channel_type(&plan.device, about);
            let channel = plan.channels.iter().find(|c| c.name == about).unwrap();
            let writer = names::domain_type(&plan.device, &channel.from.value);
            let reader = names::domain_type(&plan.device, &channel.to[0].value);
            match kind {
                "CH-1" => vec![
                    allow(&reader, &label, "file (write)"),
                    allow(&reader, &label, "memfd_file (write)"),
                    allow("init_t", &label, "file (relabelfrom)"),
                    format!("(typeattributeset file_type ({label}))"),
                ],
                "CH-2" => vec![
                    allow("init_t", &label, "file (map)"),
                    allow("domain", &label, "memfd_file (read)"),
                    format!("(typeattributeset file_type ({label}))"),
                ],
                "CH-3" => vec![
                    allow(&writer, &label, "file (open)"),
                    allow(&reader, &label, "memfd_file (open)"),
                ],
                _ => vec![
                    allow("cordon_supervisor_t", &label, "file (execute)"),
                    allow(&writer, &label, "memfd_file (execute)"),
                ],
            }
        }
        "CO-1" => vec![
            own("init_t", "process (signal)"),
            own("cordon_supervisor_t", "process (ptrace)"),
            own("neighbour_t", "process (sigkill)"),
        ],
        "CO-2" => vec![own("init_t", "fd (use)")],
        "CO-3" => vec![
            own("etc_t", "file (write)"),
            own("cordon_root_t", "dir (add_name)"),
            own("cordon_supervisor_exec_t", "file (append)"),
        ],
        "CO-4" => vec![own("cordon_memfd_t", "file (read)")],
        "CO-5" => {
            let component = plan.components.iter().find(|c| c.name == about).unwrap();
            let writable = component
                .files
                .iter()
                .filter(|file| file.access == Access::Write && file.size.is_none())
                .map(|file| {
                    own(
                        &names::file_type(&plan.device, &file.source),
                        "file (execute)",
                    )
                });
            let mut all = vec![
                own("self", "process (execmem)"),
                own("lib_t", "file (execmod)"),
            ];
            all.extend(writable);
            all
        }
        "CO-6" => vec![
            own("bin_t", "file (execute_no_trans)"),
            own("self", "process (setexec)"),
        ],
        "CO-7" => vec![
            allow("init_t", &domain, "process (transition)"),
            allow("cordon_supervisor_t", &domain, "process (dyntransition)"),
            own("etc_t", "file (entrypoint)"),
        ],
        "CO-8" => vec![
            own("self", "capability (net_bind_service)"),
            own("self", "cap_userns (sys_admin)"),
        ],
        "CO-9" => vec![
            own("tmpfs_t", "filesystem (mount)"),
            own("self", "bpf (prog_load)"),
            own("self", "anon_inode (create)"),
            own("self", "user_namespace (create)"),
        ],
        "NET-1" => vec![
            own("self", "rawip_socket (create)"),
            own("self", "udp_socket (create)"),
        ],
        "NET-2" => vec![
            own("ssh_port_t", "tcp_socket (name_bind)"),
            own("port_type", "udp_socket (name_bind)"),
        ],
        "NET-3" => vec![own("ssh_port_t", "tcp_socket (name_connect)")],
        "NET-4" => vec![
            own("cordon_supervisor_t", "tcp_socket (connect)"),
            own("neighbour_t", "unix_dgram_socket (sendto)"),
        ],
        "DV-1" => {
            let node = names::node_type(&plan.device, about);
            vec![allow("neighbour_t", &node, "chr_file (open)")]
        }
        "OT-1" => vec![
            allow("stranger_t", "domain", "process (ptrace)"),
            allow("stranger_t", "cordon_supervisor_t", "file (write)"),
            allow("stranger_t", "cordon_reaper_t", "process (share)"),
        ],
        "OT-2" => vec![allow("stranger_t", "domain", "process (sigstop)")],
        "OT-3" => vec![
            allow("stranger_t", "non_auth_file_type", "file (append)"),
            allow("stranger_t", "exec_type", "file (unlink)"),
            allow("stranger_t", "cordon_manifest_t", "file (write)"),
            allow("stranger_t", "file_type", "dir (add_name)"),
        ],
        "OT-4" => vec![allow("stranger_t", "exec_type", "chr_file (write)")],
        "OT-5" => vec![allow("stranger_t", "exec_type", "file (relabelto)")],
        "OT-6" => vec![allow("stranger_t", "exec_type", "file (mounton)")],
        "DV-2" => vec![own("framebuf_device_t", "chr_file (read)")],
        _ => panic!("claim {} has no mutation: write one", claim.id),
    }
}

/// Adds these statements, one a line, and gives for each line the claims that
/// the compiler names against it.
fn broken_by(
    plan: &Plan,
    policy: &Policy,
    lines: &[String],
) -> Option<BTreeMap<usize, BTreeSet<String>>> {
    let directory = scratch(&format!("claims-{}", plan.device));
    let mut files = sources(&directory, &[(plan, policy)], true);
    let assertions = files[2].clone();
    let mutation = write(&directory, "mutation.cil", &lines.join("\n"));
    files.push(mutation.clone());
    files.push(write(&directory, "neighbour.cil", NEIGHBOUR));
    let log = match compile_on_stub(&files, &directory)? {
        Outcome::Failed { log } => log,
        other => panic!("{lines:#?}\nwas accepted: {other:?}"),
    };
    assert!(log.contains("neverallow check failed"), "{lines:#?}: {log}");
    let mut broken: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for violation in violations(&log, &assertions) {
        // A membership is broken by rules of the base: it is alone in its file.
        let line = if violation.file == mutation {
            violation.line
        } else {
            1
        };
        let claim = violation.claim(&policy.claims).expect("a rule of no claim");
        broken.entry(line).or_default().insert(claim.id.clone());
    }
    Some(broken)
}

#[test]
fn every_claim_rejects_what_breaks_it() {
    let target = stub_target();
    for example in examples() {
        let plan = plan(&example);
        let policy = policy(&plan, &target);
        let all: Vec<(&str, String)> = policy
            .claims
            .iter()
            .flat_map(|claim| {
                mutations(&plan, claim)
                    .into_iter()
                    .map(|text| (claim.id.as_str(), text))
            })
            .collect();
        // The compiler says which rule breaks which claim: rules go together.
        let (rules, memberships): (Vec<_>, Vec<_>) = all
            .into_iter()
            .partition(|(_, text)| !text.starts_with("(typeattributeset"));
        for group in std::iter::once(rules).chain(memberships.into_iter().map(|one| vec![one])) {
            let lines: Vec<String> = group.iter().map(|(_, text)| text.clone()).collect();
            let Some(broken) = broken_by(&plan, &policy, &lines) else {
                return;
            };
            for (index, (id, text)) in group.iter().enumerate() {
                let found = broken.get(&(index + 1));
                assert!(
                    found.is_some_and(|found| found.contains(*id)),
                    "{text}\nshould break {id}, and breaks {found:?}"
                );
            }
        }
    }
}

#[test]
fn claims_are_named_once_and_cover_their_own_rules() {
    let target = stub_target();
    for example in examples() {
        let policy = policy(&plan(&example), &target);
        let ids: BTreeSet<&str> = policy
            .claims
            .iter()
            .map(|claim| claim.id.as_str())
            .collect();
        assert_eq!(ids.len(), policy.claims.len());
        for (index, line) in policy.assertions.lines().enumerate() {
            if line.starts_with("(neverallow") {
                let owners = policy
                    .claims
                    .iter()
                    .filter(|claim| (claim.first_line..=claim.last_line).contains(&(index + 1)));
                assert_eq!(owners.count(), 1, "line {}: {line}", index + 1);
            }
        }
        for claim in &policy.claims {
            assert!(
                claim.last_line > claim.first_line,
                "{} has no rule",
                claim.id
            );
        }
    }
}
