//! What generation gives and what it refuses, as text: no tool is needed.

mod support;

use cordon_manifest::plan::{Access, Granted, Linkage, Network, Origin, Plan, Purpose};
use cordon_policygen::{Error, Target, names};
use support::*;

#[test]
fn bedside_monitor_is_as_reviewed() {
    let policy = policy(&bedside_monitor(), &debian_12_profile());
    let claims: String = policy
        .claims
        .iter()
        .map(|claim| format!("{}: {} [{}]\n", claim.id, claim.text, claim.origin))
        .collect();
    for (name, text) in [
        ("bedside-monitor.cil", &policy.module),
        ("bedside-monitor-assertions.cil", &policy.assertions),
        ("bedside-monitor.fc", &policy.contexts),
        ("bedside-monitor-claims", &claims),
    ] {
        let path = tests("golden").join(name);
        if std::env::var_os("CORDON_BLESS").is_some() {
            std::fs::create_dir_all(tests("golden")).unwrap();
            std::fs::write(&path, text).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            golden == *text,
            "{name} differs from the reviewed one. CORDON_BLESS=1 writes it; review the difference with git."
        );
    }
}

#[test]
fn what_is_taken_away_is_as_reviewed() {
    let policy = policy(&bedside_monitor(), &Target::named("debian-13").unwrap());
    let (_, denied) = policy.module.split_once(";; ==== what the base").unwrap();
    let (denied, _) = denied.split_once("\n;; ==== fingerprint").unwrap();
    let path = tests("golden").join("bedside-monitor-deny-debian-13.cil");
    let text = format!(";; ==== what the base{denied}");
    if std::env::var_os("CORDON_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == text, "CORDON_BLESS=1 writes {}", path.display());
}

#[test]
fn nothing_that_was_granted_is_denied() {
    // A deny rule would take it away from the module itself.
    let text = "ambient self process fork signal\nambient file_type file map read\n\
                ambient textrel_shlib_t file execmod execute\nlibsepol 3.6\n";
    let profile = include_str!("../../profiles/targets/debian-12").lines();
    let profile: Vec<&str> = profile
        .filter(|line| !line.starts_with("ambient ") && !line.starts_with("libsepol "))
        .chain([text])
        .collect();
    let profile = profile.join("\n");
    let plan = bedside_monitor();
    let module = policy(&plan, &Target::parse(&profile).unwrap()).module;
    let domain = names::domain_type("bedside-monitor", "network-service");
    let denied: Vec<&str> = rules(&module)
        .into_iter()
        .filter(|line| line.starts_with("(deny ") || line.contains("__unasked_"))
        .collect();
    // Both components were granted all of the first; the second is an attribute
    // that types granted to each are in, so each has a set of its own.
    assert!(
        !denied.iter().any(|line| line.contains(" self ")),
        "{denied:#?}"
    );
    assert!(
        denied
            .iter()
            .any(|line| line.ends_with("textrel_shlib_t (file (execmod)))")),
        "{denied:#?}"
    );
    let but = denied
        .iter()
        .find(|line| {
            line.contains("(and file_type (not (") && line.contains("network_service__exec_t")
        })
        .unwrap();
    let name = but.split(' ').nth(1).unwrap();
    assert!(
        denied.contains(&format!("(deny {domain} {name} (file (map read)))").as_str()),
        "{denied:#?}"
    );
    // A target without deny rules gets none, and is told by `explain`.
    assert!(
        !policy(&plan, &debian_12_profile())
            .module
            .contains("(deny ")
    );
}

#[test]
fn output_is_the_same_to_the_byte_from_run_to_run() {
    for example in examples() {
        for target in Target::names() {
            let target = Target::named(target).unwrap();
            let first = policy(&plan(&example), &target);
            for _ in 0..3 {
                assert_eq!(policy(&plan(&example), &target), first, "{example}");
            }
        }
    }
}

#[test]
fn the_fingerprint_changes_with_manifest_and_target_and_with_nothing_else() {
    let mut seen = std::collections::BTreeSet::new();
    for example in examples() {
        for target in Target::names() {
            let target = Target::named(target).unwrap();
            let policy = policy(&plan(&example), &target);
            let name = names::fingerprint_type(&plan(&example).device, &policy.fingerprint);
            assert!(
                policy
                    .module
                    .contains(&format!("(type {name})\n(roletype object_r {name})\n")),
                "{name}"
            );
            assert_eq!(policy.module.matches(&name).count(), 2, "in a rule: {name}");
            assert!(
                seen.insert(policy.fingerprint),
                "{example} {}",
                target.name()
            );
        }
    }
    let before = policy(&bedside_monitor(), &debian_12_profile()).fingerprint;
    let mut plan = bedside_monitor();
    plan.components[1].listen[0].tcp.set_port(8443);
    assert_ne!(policy(&plan, &debian_12_profile()).fingerprint, before);
    // The line a rule came from is in the module, and so in the fingerprint.
    let mut plan = bedside_monitor();
    plan.components[0].line += 1;
    assert_ne!(policy(&plan, &debian_12_profile()).fingerprint, before);
    // Libraries and whatever else is not in the module are not.
    let mut plan = bedside_monitor();
    plan.components[0].stop_timeout.value += 1;
    assert_eq!(policy(&plan, &debian_12_profile()).fingerprint, before);
}

#[test]
fn the_fingerprint_covers_base_module_module_and_target() {
    use sha2::{Digest as _, Sha256};
    let policy = policy(&bedside_monitor(), &debian_12_profile());
    let (module, _) = policy.module.split_once("\n;; ==== fingerprint").unwrap();
    let mut hash = Sha256::new();
    for text in [cordon_policygen::BASE_TEXT, module, "debian-12"] {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    assert_eq!(format!("{:x}", hash.finalize()), policy.fingerprint);
}

#[test]
fn every_rule_group_has_its_sentence_and_its_origin() {
    for example in examples() {
        let policy = policy(&plan(&example), &debian_12_profile());
        let mut introduced = false;
        for line in policy.module.lines() {
            if line.is_empty() {
                introduced = false;
            } else if line.starts_with(";; ====") {
                assert!(!introduced);
            } else if line.starts_with(";; ") {
                introduced = true;
                let origin = line.rsplit_once(" [").map(|(_, origin)| origin);
                assert!(
                    policy.module.starts_with(line)
                        || line.starts_with(";; Each rule group")
                        || origin.is_some_and(|origin| origin.ends_with(']') && origin.len() > 2),
                    "{line}"
                );
            } else {
                assert!(introduced, "no sentence before {line}");
            }
        }
    }
}

#[test]
fn the_list_of_libraries_changes_nothing() {
    let mut plan = bedside_monitor();
    let before = policy(&plan, &debian_12_profile());
    let mut library = declared("/usr/lib/x86_64-linux-gnu/libnew.so.9", Access::Execute, 1);
    library.purpose = Purpose::Library;
    plan.components[0].files.push(library);
    assert_eq!(policy(&plan, &debian_12_profile()), before);
}

#[test]
fn a_static_program_gets_no_loader() {
    let mut plan = bedside_monitor();
    plan.components[0].program.linkage = Linkage::Static;
    let policy = policy(&plan, &debian_12_profile());
    let domain = names::domain_type("bedside-monitor", "vitals-display");
    let other = names::domain_type("bedside-monitor", "network-service");
    let loads = |domain: &str| {
        let rule = format!("(allow {domain} ld_so_t ");
        rules(&policy.module)
            .iter()
            .any(|line| line.starts_with(&rule))
    };
    assert!(!loads(&domain));
    assert!(loads(&other));
}

#[test]
fn proc_realtime_and_watchdog_are_granted_only_where_asked_for() {
    let mut plan = bedside_monitor();
    let (target, domain) = (
        debian_12_profile(),
        names::domain_type("bedside-monitor", "network-service"),
    );
    let has = |plan: &Plan, rule: &str| {
        let rule = rule.replace("DOMAIN", &domain);
        rules(&policy(plan, &target).module).contains(&rule.as_str())
    };
    let asked = |value| Granted {
        value,
        origin: Origin::Manifest { line: 99 },
    };
    let proc = "(allow DOMAIN proc_t (dir (getattr open read search)))";
    assert!(!has(&plan, proc));
    plan.components[1].proc = asked(true);
    assert!(has(&plan, proc));
    assert!(!has(&plan, "(allow DOMAIN self (process (setsched)))"));
    assert!(!has(
        &plan,
        "(allow DOMAIN self (process (getpgid getsession setpgid)))"
    ));
    plan.components[1].fork = asked(true);
    assert!(has(
        &plan,
        "(allow DOMAIN self (process (getpgid getsession setpgid)))"
    ));
    let sendto = "(allow DOMAIN cordon_supervisor_t (unix_dgram_socket (sendto)))";
    assert!(has(&plan, sendto));
    plan.components[1].notify = asked(false);
    assert!(!has(&plan, sendto));
}

#[test]
fn ports_of_their_own_are_labelled_and_those_of_the_base_are_kept() {
    let mut plan = bedside_monitor();
    let granted = |value, line| Granted {
        value,
        origin: Origin::Manifest { line },
    };
    plan.components[1].network = Network::Host {
        bind: vec![granted(11112, 80)],
        connect: vec![granted(22, 81)],
    };
    let policy = policy(&plan, &debian_12_profile());
    let (domain, port) = (
        names::domain_type("bedside-monitor", "network-service"),
        names::port_type("bedside-monitor", 11112),
    );
    let rules = rules(&policy.module);
    for rule in [
        format!("(portcon tcp 11112 (system_u object_r {port} ((s0) (s0))))"),
        format!("(allow {domain} {port} (tcp_socket (name_bind)))"),
        format!("(allow {domain} ssh_port_t (tcp_socket (name_connect)))"),
    ] {
        assert!(rules.contains(&rule.as_str()), "{rule}");
    }
    assert!(
        !rules.contains(&format!("(allow {domain} {port} (tcp_socket (name_connect)))").as_str())
    );
    assert!(!policy.module.contains("(portcon tcp 22 "));
}

#[test]
fn ioctls_are_granted_by_number() {
    let mut plan = bedside_monitor();
    let device = plan.components[0]
        .devices
        .iter_mut()
        .find(|d| d.source == "/dev/ttyS1")
        .unwrap();
    device.ioctl = vec![0x8004_5402, 0x5401, 0x5401];
    let policy = policy(&plan, &debian_12_profile());
    let domain = names::domain_type("bedside-monitor", "vitals-display");
    let node = names::node_type("bedside-monitor", "/dev/ttyS1");
    let rule = format!("(allowx {domain} {node} (ioctl chr_file (0x5401 0x5402)))");
    assert!(policy.module.contains(&rule), "{rule}");
}

/// A profile without a name: `type NAME` or `attribute NAME`, many of which
/// stand in one line.
fn lacking(profile: &str, what: &str) -> String {
    let (key, name) = what.split_once(' ').unwrap();
    let lines = profile.lines().map(|line| match line.split_once(' ') {
        Some((of, names)) if of == key => {
            let names: Vec<&str> = names.split(' ').filter(|other| *other != name).collect();
            format!("{key} {}\n", names.join(" "))
        }
        _ => format!("{line}\n"),
    });
    let text: String = lines.collect();
    assert!(text.len() < profile.len(), "{what}");
    text
}

#[test]
fn a_name_the_target_lacks_is_an_error_naming_the_line() {
    let text = include_str!("../../profiles/targets/debian-12");
    let without = |line: &str| Target::parse(&lacking(text, line)).unwrap();
    let plan = bedside_monitor();
    let found = errors(&plan, &without("type node_t"));
    assert_eq!(found.len(), 1);
    let said = found[0].to_string();
    assert!(
        said.starts_with("line 34: the base policy of debian-12 has no type node_t"),
        "{said}"
    );

    let found = errors(&plan, &without("attribute device_node"));
    let said: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(
        said[0].starts_with("line 11: ") && said[1].starts_with("line 13: "),
        "{said:?}"
    );

    let process = text
        .lines()
        .find(|line| line.starts_with("class process "))
        .unwrap();
    let target = Target::parse(&text.replace(process, &process.replace(" setsched", ""))).unwrap();
    let found = errors(&plan, &target);
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .to_string()
            .contains("no permission process:setsched"),
        "{}",
        found[0]
    );
}

#[test]
fn every_kind_of_name_the_target_lacks_is_an_error_naming_who_needs_it() {
    let text = include_str!("../../profiles/targets/debian-12");
    let without = |from: &str, to: &str| {
        let changed = match from.strip_suffix('\n').filter(|_| to.is_empty()) {
            Some(name) if name.starts_with("type ") || name.starts_with("attribute ") => {
                lacking(text, name)
            }
            _ => text.replace(from, to),
        };
        assert_ne!(changed, text, "{from}");
        let found = errors(&bedside_monitor(), &Target::parse(&changed).unwrap());
        found.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let class = |name: &str| {
        let start = format!("class {name} ");
        let line = text.lines().find(|line| line.starts_with(&start)).unwrap();
        format!("{line}\n")
    };
    let lacks = |permission: &str, class: String| {
        let changed = class.replace(&format!(" {permission}"), "");
        (class, changed)
    };
    for ((from, to), said) in [
        (
            ("type ld_so_t\n".into(), String::new()),
            "needed by /usr/lib/bedside-monitor/vitals-display: the base policy of debian-12 has no type ld_so_t",
        ),
        (
            ("type security_t\n".into(), String::new()),
            "every device: the base policy of debian-12 has no type security_t",
        ),
        (
            ("attribute exec_type\n".into(), String::new()),
            "line 8: the base policy of debian-12 has no attribute exec_type",
        ),
        (
            (class("tcp_socket"), String::new()),
            "line 34: the base policy of debian-12 has no class tcp_socket",
        ),
        (
            lacks("accept", class("tcp_socket")),
            "line 34: the base policy of debian-12 has no permission tcp_socket:accept",
        ),
        (
            lacks("sys_admin", class("capability")),
            "every device: the base policy of debian-12 has no capability capability:sys_admin",
        ),
        (
            ("user system_u\n".into(), String::new()),
            "every device: the base policy of debian-12 has no user system_u",
        ),
        (
            ("role system_r\n".into(), String::new()),
            "every device: the base policy of debian-12 has no role system_r",
        ),
        (
            ("role object_r\n".into(), String::new()),
            "every device: the base policy of debian-12 has no role object_r",
        ),
        (
            ("level s0\n".into(), String::new()),
            "every device: the base policy of debian-12 has no level s0",
        ),
    ] {
        let found = without(&from, &to);
        assert!(
            found.iter().any(|error| error.starts_with(said)),
            "{said}\n{found:#?}"
        );
    }
}

#[test]
fn a_script_keeps_its_interpreters_label_and_enters_through_it() {
    let mut plan = bedside_monitor();
    let program = &mut plan.components[1].program;
    program.script = Some("/usr/lib/bedside-monitor/serve.py".to_owned());
    program.path = "/usr/bin/python3.11".to_owned();
    let policy = policy(&plan, &debian_12_profile());
    let domain = names::domain_type("bedside-monitor", "network-service");
    assert!(policy.module.contains(&format!(
        "(allow {domain} bin_t (file (entrypoint execute getattr map read)))"
    )));
    assert!(!policy.contexts.contains("python"));
}

#[test]
fn hostile_names_are_refused_all_at_once() {
    let mut plan = bedside_monitor();
    plan.device = "x) (allow domain shadow_t (file (write))".to_owned();
    plan.components[0].name = "a\n(allow a b (c (d)))".to_owned();
    plan.channels[0].name = "Ü".to_owned();
    plan.components[1].listen[0].name = "a b".to_owned();
    let found = errors(&plan, &debian_12_profile());
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(
        found
            .iter()
            .all(|error| matches!(error, Error::Name { .. }))
    );
}

#[test]
fn hostile_paths_and_texts_become_no_rule() {
    let before = {
        let mut plan = bedside_monitor();
        plan.components[0]
            .files
            .push(declared("/srv/x", Access::Read, 50));
        rules(&policy(&plan, &debian_12_profile()).module).len()
    };
    for path in [
        "/srv/x\n(allow domain shadow_t (file (write)))",
        "/srv/x\" any (u r t ((s0) (s0)))) (allow a b (c (d))) (filecon \"/y",
        "/srv/x\u{2028}(allow a b (c (d)))",
        "/srv/.*|/etc/shadow",
        "/srv/\u{202e}é\\",
    ] {
        let mut plan = bedside_monitor();
        let mut file = declared(path, Access::Read, 50);
        file.origin = Origin::Role {
            role: format!("r\n{path}"),
            key: ";;* lmx 1 /etc/passwd\n(allow a b (c (d)))".to_owned(),
        };
        plan.components[0].files.push(file);
        let policy = policy(&plan, &debian_12_profile());
        let rules = rules(&policy.module);
        assert_eq!(rules.len(), before, "{path:?}");
        assert!(
            !rules.iter().any(|rule| rule.contains(" shadow_t ")),
            "{path:?}"
        );
        assert!(!policy.module.lines().any(|line| line.starts_with(";;*")));
        let context = policy
            .contexts
            .lines()
            .find(|line| line.starts_with("/srv/"))
            .unwrap();
        assert!(
            context.is_ascii() && context.split_whitespace().count() == 2,
            "{context:?}"
        );

        // And what the compiler reads is what was meant.
        let directory = scratch("hostile");
        let target = stub_target();
        let policy = support::policy(&plan, &target);
        let files = sources(&directory, &[(&plan, &policy)], true);
        let Some(outcome) = compile_on_stub(&files, &directory) else {
            return;
        };
        compiled(outcome);
    }
}

#[test]
fn a_channel_to_nobody_is_refused() {
    let mut plan = bedside_monitor();
    plan.channels[0].to[0].value = "nobody".to_owned();
    let found = errors(&plan, &debian_12_profile());
    assert!(
        matches!(&found[..], [Error::NoSuchComponent { component, .. }] if component == "nobody"),
        "{found:?}"
    );
}
