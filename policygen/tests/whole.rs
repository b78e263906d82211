//! Every example, together, against real base policies: base.pp alone, the
//! whole of Debian 12, the whole of Debian 13 in its chroot; and what sesearch
//! finds in the binaries.

mod support;

use cordon_manifest::plan::Plan;
use cordon_policygen::compile::{Outcome, violations};
use cordon_policygen::{Base, Described, Policy, Target, names, scan, store};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use support::*;

/// A policy with the plan it came from.
type Generated = (Plan, Policy);

/// The examples' policies for a target, in as few groups as possible: devices
/// that could not stand in one system (the same name, the same path or port)
/// are in different groups.
fn groups(target: &Target) -> Vec<Vec<Generated>> {
    let mut groups: Vec<(BTreeSet<String>, Vec<Generated>)> = Vec::new();
    for example in examples() {
        let plan = plan(&example);
        let policy = policy(&plan, target);
        let mut keys: BTreeSet<String> = policy
            .contexts
            .lines()
            .map(|line| first_word(line).to_owned())
            .collect();
        keys.extend(
            policy
                .module
                .lines()
                .filter(|line| line.starts_with("(portcon"))
                .map(str::to_owned),
        );
        keys.insert(plan.device.clone());
        let index = groups
            .iter()
            .position(|(taken, _)| taken.is_disjoint(&keys))
            .unwrap_or(groups.len());
        if index == groups.len() {
            groups.push(Default::default());
        }
        groups[index].0.extend(keys);
        groups[index].1.push((plan, policy));
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn first_word(line: &str) -> &str {
    line.split_whitespace().next().unwrap_or_default()
}

/// Compiles each group on a base policy; the binaries and their contexts.
fn compile(debian: &Debian, directory: &Path, assertions: bool) -> Option<Vec<(PathBuf, PathBuf)>> {
    let mut binaries = Vec::new();
    for (index, group) in groups(&debian.target).iter().enumerate() {
        let directory = directory.join(index.to_string());
        let group: Vec<(&Plan, &Policy)> =
            group.iter().map(|(plan, policy)| (plan, policy)).collect();
        let mut files = debian.modules.clone();
        files.extend(sources(&directory, &group, assertions));
        let version = debian.target.binary_version();
        let outcome = debian.tools.compile(version, &files, &directory).unwrap();
        binaries.push(compiled(ran(outcome)?));
    }
    Some(binaries)
}

/// What sesearch finds, sorted.
fn sesearch(debian: &Debian, policy: &Path, query: &str) -> Option<Vec<String>> {
    let mut arguments: Vec<&Path> = query.split(' ').map(Path::new).collect();
    arguments.push(policy);
    let (success, text) = debian.run("sesearch", &arguments)?;
    assert!(success, "sesearch {query}: {text}");
    let lines = text.lines().filter(|line| !line.is_empty());
    let mut lines: Vec<String> = lines.map(str::to_owned).collect();
    lines.sort();
    Some(lines)
}

const DISPLAY: &str = "cordon_bedside_monitor__vitals_display_t";
const NETWORK: &str = "cordon_bedside_monitor__network_service_t";
const VITALS: &str = "cordon_bedside_monitor__vitals__channel_t";
const SEEN: &str = "cordon_bedside_monitor__seen_remotely__channel_t";
const SCREEN: &str = "cordon_bedside_monitor__dev_fb0__device_t";
const SENSOR: &str = "cordon_bedside_monitor__dev_ttyS1__device_t";
const TRENDS: &str = "cordon_bedside_monitor__var_lib_bedside-monitor_trends__file_t";
const LIB: &str = "cordon_bedside_monitor__var_lib_bedside-monitor__parent_t";
const TLS: &str = "cordon_bedside_monitor__etc_bedside-monitor_tls__file_t";

/// Queries on the binary with the bedside monitor in it: each grant, and
/// beside it what was not granted.
fn bedside_monitor_queries() -> Vec<(String, Vec<String>)> {
    let allow =
        |source: &str, target: &str, access: &str| format!("allow {source} {target}:{access};");
    let supervisor = names::SUPERVISOR;
    vec![
        // The whole of who can change either channel's memory.
        (
            format!("-A -t {VITALS} -c file -p write"),
            vec![
                allow(DISPLAY, VITALS, "file { getattr map read write }"),
                allow(
                    supervisor,
                    VITALS,
                    "file { getattr map open read relabelto setattr write }",
                ),
            ],
        ),
        (
            format!("-A -t {SEEN} -c file -p write"),
            vec![
                allow(NETWORK, SEEN, "file { getattr map read write }"),
                allow(
                    supervisor,
                    SEEN,
                    "file { getattr map open read relabelto setattr write }",
                ),
            ],
        ),
        (
            format!("-A -s {NETWORK} -t {VITALS}"),
            vec![allow(NETWORK, VITALS, "file { getattr map read }")],
        ),
        // Screen by descriptor alone, sensor by path; nothing for the network.
        (
            format!("-A -s {DISPLAY} -t {SCREEN}"),
            vec![allow(
                DISPLAY,
                SCREEN,
                "chr_file { append getattr map read write }",
            )],
        ),
        (
            format!("-A -s {DISPLAY} -t {SENSOR}"),
            vec![allow(
                DISPLAY,
                SENSOR,
                "chr_file { append getattr map open read write }",
            )],
        ),
        // In one query, which takes a second: processes, too, are out of reach.
        (
            format!("-A -s {NETWORK} -rt -t ^({DISPLAY}|{SCREEN}|{SENSOR}|{TRENDS})$"),
            vec![],
        ),
        // Files.
        (
            format!("-A -s {DISPLAY} -t {TRENDS} -c file"),
            vec![allow(
                DISPLAY,
                TRENDS,
                "file { append create getattr lock map open read rename setattr unlink write }",
            )],
        ),
        (
            format!("-A -s {NETWORK} -t {TLS} -c file"),
            vec![allow(NETWORK, TLS, "file { getattr map open read }")],
        ),
        (format!("-A -s {DISPLAY} -t {TLS}"), vec![]),
        // The inherited socket, and none of its own.
        (
            format!("-A -s {NETWORK} -c tcp_socket -t {supervisor}"),
            vec![allow(
                NETWORK,
                supervisor,
                "tcp_socket { accept getattr getopt read setopt shutdown write }",
            )],
        ),
        (
            format!(
                "-A -s {NETWORK} -c tcp_socket -p create,bind,listen,connect,name_bind,name_connect"
            ),
            vec![],
        ),
        (
            format!("-A -s {DISPLAY} -c tcp_socket -p create,accept,name_bind,name_connect"),
            vec![],
        ),
        // Memory stays W^X.
        (
            format!("-A -s {NETWORK} -c process -p execmem,execstack,execheap,setexec,ptrace"),
            vec![],
        ),
        (format!("-A -s {NETWORK} -c capability"), vec![]),
        // No automatic transition into a component: setexeccon alone.
        (
            format!("-T -s {supervisor}"),
            vec![
                // What is missing gets its type by its name, in that directory alone.
                format!("type_transition {supervisor} {LIB}:dir {TRENDS} trends;"),
                format!(
                    "type_transition {supervisor} cordon_reaper_exec_t:process cordon_reaper_t;"
                ),
                format!("type_transition {supervisor} cordon_root_t:file cordon_root_t;"),
                format!(
                    "type_transition {supervisor} cordon_runtime_t:dir cordon_notify_t notify;"
                ),
                format!("type_transition {supervisor} tmpfs_t:dir cordon_root_t;"),
                format!("type_transition {supervisor} tmpfs_t:file cordon_memfd_t;"),
                format!("type_transition {supervisor} var_run_t:dir cordon_runtime_t cordon;"),
            ],
        ),
        (
            format!("-A -s {supervisor} -t {DISPLAY} -c process2"),
            vec![allow(
                supervisor,
                DISPLAY,
                "process2 { nnp_transition nosuid_transition }",
            )],
        ),
    ]
}

fn answers_are_as_granted(debian: &Debian, policy: &Path, queries: &[(String, Vec<String>)]) {
    for (query, expected) in queries {
        let Some(found) = sesearch(debian, policy, query) else {
            return;
        };
        assert_eq!(found, *expected, "sesearch {query}");
    }
}

#[test]
fn base_module_alone_takes_every_example() {
    base_alone(debian("12", "bookworm"));
}

/// Among what is denied there are types of modules that a store need not have.
#[test]
fn base_module_alone_takes_every_example_and_its_deny_rules() {
    base_alone(debian("13", "trixie"));
}

fn base_alone(debian: Option<Debian>) {
    let Some(debian) = debian else {
        return;
    };
    let alone = debian
        .modules
        .iter()
        .find(|path| path.ends_with("base.cil"))
        .unwrap();
    let directory = debian.work.join("base-alone");
    std::fs::create_dir_all(&directory).unwrap();
    // Its login users belong to other modules.
    let text = std::fs::read_to_string(alone).unwrap();
    let text: String = text
        .lines()
        .filter(|line| !line.starts_with("(selinuxuser"))
        .map(|line| format!("{line}\n"))
        .collect();
    let alone = Debian {
        modules: vec![write(&directory, "base.cil", &text)],
        ..debian
    };
    // Once with the assertions, and once as it ships, without them.
    for assertions in [true, false] {
        compile(&alone, &directory, assertions);
    }
}

#[test]
fn debian_12_takes_every_example_and_grants_nothing_beside() {
    let Some(debian) = debian("12", "bookworm") else {
        return;
    };
    let Some(binaries) = compile(&debian, &debian.work, true) else {
        return;
    };
    answers_are_as_granted(&debian, &binaries[0].0, &bedside_monitor_queries());
    for (policy, contexts) in &binaries {
        let checked = debian.run("setfiles", &["-c".as_ref(), policy, contexts]);
        let Some((true, _)) = checked else {
            panic!("setfiles -c: {checked:?}")
        };
    }
    labels_are_found(&debian, &binaries[0].1);
    profile_is_what_the_scan_gives(&debian, &binaries[0].1);
}

#[test]
fn debian_13_takes_every_example_and_grants_nothing_beside() {
    let Some(debian) = debian("13", "trixie") else {
        return;
    };
    let Some(binaries) = compile(&debian, &debian.work, true) else {
        return;
    };
    // The channels' queries: what differs between base policies is who else there is.
    answers_are_as_granted(&debian, &binaries[0].0, &bedside_monitor_queries()[..4]);
    answers_are_as_granted(&debian, &binaries[0].0, &taken_away());
    domain_has_what_was_granted_and_no_more(&debian, &binaries[0].0);
    profile_is_what_the_scan_gives(&debian, &binaries[0].1);
}

/// What the base policy gives every domain and no component of the bedside
/// monitor has where `deny` rules take it away.
fn taken_away() -> Vec<(String, Vec<String>)> {
    let nothing = |query: String| (query, Vec::new());
    vec![
        nothing(format!("-A -s {DISPLAY} -t textrel_shlib_t -p execmod")),
        nothing(format!(
            "-A -s {DISPLAY} -t {DISPLAY} -c unix_stream_socket"
        )),
        // Its own /proc, which neither manifest asks for.
        nothing(format!("-A -s {NETWORK} -t {NETWORK} -c file")),
        nothing(format!("-A -s {NETWORK} -t {NETWORK} -c dir")),
        nothing(format!(
            "-A -s {NETWORK} -rt -t ^(devtty_t|zero_device_t|proc_t|etc_t|var_t|setrans_t)$"
        )),
    ]
}

/// Everything the binary allows a domain is written in the modules, by name.
fn domain_has_what_was_granted_and_no_more(debian: &Debian, policy: &Path) {
    let binary = std::fs::read(policy).unwrap();
    let device = plan("bedside-monitor");
    let module = support::policy(&device, &debian.target).module;
    for component in &device.components {
        let domain = names::domain_type(&device.device, &component.name);
        let allowed = Base::of_domain(&binary, &domain).unwrap().unwrap();
        assert!(allowed.len() > 10, "{allowed:?}");
        for grant in allowed {
            let rule = format!("(allow {domain} {} ({} (", grant.target, grant.class);
            let granted: BTreeSet<&str> = module
                .lines()
                .filter_map(|line| line.strip_prefix(&rule))
                .flat_map(|permissions| permissions.trim_end_matches(')').split(' '))
                .collect();
            for permission in &grant.permissions {
                assert!(granted.contains(permission.as_str()), "{domain}: {grant}");
            }
        }
    }
}

#[test]
fn debian_13_says_what_comes_back_without_the_deny_rules() {
    let Some(debian) = debian("13", "trixie") else {
        return;
    };
    let device = plan("bedside-monitor");
    let mut policy = policy(&device, &debian.target);
    let kept = policy
        .module
        .lines()
        .filter(|line| !line.contains("(deny "));
    policy.module = kept.map(|line| format!("{line}\n")).collect();
    let directory = debian.work.join("undenied");
    let mut files = debian.modules.clone();
    files.extend(sources(&directory, &[(&device, &policy)], true));
    let module = names::module(&device.device);
    let assertions = directory.join(format!("{module}-assertions.cil"));
    let version = debian.target.binary_version();
    let outcome = debian.tools.compile(version, &files, &directory).unwrap();
    let Some(Outcome::Failed { log }) = ran(outcome) else {
        panic!("the policy is accepted although nothing is taken away");
    };
    let inside = debian.root.as_ref().map_or(assertions.clone(), |root| {
        Path::new("/").join(assertions.strip_prefix(root).unwrap())
    });
    let broken: BTreeSet<&str> = violations(&log, &inside)
        .iter()
        .filter_map(|violation| violation.claim(&policy.claims))
        .map(|claim| claim.id.as_str())
        .collect();
    for id in [
        "BP-1(vitals-display)",
        "BP-1(network-service)",
        "CO-5(network-service)",
        "NET-1(network-service)",
        "DV-2(network-service)",
    ] {
        assert!(broken.contains(id), "{id} is not in {broken:?}\n{log}");
    }
}

/// The file contexts as libselinux reads them: our path, and its neighbour.
fn labels_are_found(debian: &Debian, contexts: &Path) {
    for (path, label) in [
        (
            "/usr/lib/bedside-monitor/network-service",
            "cordon_bedside_monitor__network_service__exec_t",
        ),
        ("/usr/lib/bedside-monitor/network-service2", "lib_t"),
        ("/etc/bedside-monitor/tls", TLS),
        ("/etc/bedside-monitor/tls/server.key", TLS),
        ("/etc/bedside-monitor/tlsx", "etc_t"),
        ("/var/lib/bedside-monitor/trends/today", TRENDS),
        ("/run/cordon/bedside-monitor/control", "cordon_runtime_t"),
        (
            "/run/cordon/bedside-monitor/notify/network-service",
            "cordon_notify_t",
        ),
        ("/dev/fb0", SCREEN),
        ("/dev/fb1", "framebuf_device_t"),
    ] {
        let lookup = ["-b", "file", "-k", path, "-f"].map(Path::new);
        let arguments: Vec<&Path> = lookup.into_iter().chain([contexts]).collect();
        let Some((_, text)) = debian.run("selabel_lookup", &arguments) else {
            return;
        };
        assert!(text.contains(&format!(":{label}:")), "{path}: {text}");
    }
}

/// A scan of the policy as it is installed gives the profile in
/// `profiles/targets/`, but for the version of its package: a name that an
/// update took away shows here.
fn profile_is_what_the_scan_gives(debian: &Debian, contexts: &Path) {
    let Ok(said) = store::labels(&debian.tools, contexts) else {
        cannot_run("selabel_lookup is not installed");
        return;
    };
    let modules: Vec<String> = debian
        .modules
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let described = Described {
        name: debian.target.name().to_owned(),
        base: debian.target.base().to_owned(),
        about: Vec::new(),
        libsepol: debian.target.libsepol().map(str::to_owned),
        binary: debian.target.binary_version(),
        disabled: debian.target.disabled().to_vec(),
        labels: said.labels,
        exact: said.exact,
        patterns: said.patterns,
    };
    let base = Base::from_source(&modules).unwrap();
    let scanned = scan(&base, &described);
    let profile = workspace().join("profiles/targets").join(&described.name);
    let profile = std::fs::read_to_string(profile).unwrap();
    let profile: String = without_notes(&profile);
    let scanned: String = without_notes(&scanned);
    let differs: Vec<(&str, &str)> = profile
        .lines()
        .zip(scanned.lines())
        .filter(|(ours, theirs)| ours != theirs)
        .collect();
    assert!(
        scanned == profile,
        "the profile {} is not what its policy holds (profile, scan): {differs:.3?}",
        described.name
    );
}

/// A profile without its comments.
fn without_notes(profile: &str) -> String {
    let lines = profile.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| format!("{line}\n")).collect()
}
