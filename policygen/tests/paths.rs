//! What a grant of a path gives, what is made and mounted there, and which paths are refused.

mod support;

use cordon_manifest::plan::{Access, Missing, PathKind};
use cordon_policygen::{Error, Target, names};
use support::*;

#[test]
fn a_grant_reaches_what_has_a_label_of_its_own_below_it_but_writes_no_program() {
    let mut plan = bedside_monitor();
    plan.components[0]
        .files
        .push(declared("/etc/bedside-monitor", Access::Read, 90));
    plan.components[0]
        .files
        .push(declared("/usr/lib/bedside-monitor", Access::Write, 91));
    let policy = policy(&plan, &debian_12_profile());
    let domain = names::domain_type("bedside-monitor", "vitals-display");
    let rules = rules(&policy.module);
    let tls = names::file_type("bedside-monitor", "/etc/bedside-monitor/tls");
    assert!(
        rules.contains(&format!("(allow {domain} {tls} (file (getattr map open read)))").as_str())
    );
    let exec = names::exec_type("bedside-monitor", "network-service");
    let on_exec = format!("(allow {domain} {exec} ");
    assert!(!rules.iter().any(|rule| rule.starts_with(&on_exec)));
}

#[test]
fn a_tmpfs_has_a_type_of_its_component_and_no_file_context() {
    let mut plan = bedside_monitor();
    let mut scratch = declared("/tmp", Access::Write, 92);
    scratch.size = Some(1 << 20);
    plan.components[1].files.push(scratch);
    let policy = policy(&plan, &debian_12_profile());
    let label = names::tmpfs_type("bedside-monitor", "network-service", "/tmp");
    assert!(
        policy
            .module
            .contains(&format!("(allow {label} tmpfs_t (filesystem (associate)))"))
    );
    assert!(!policy.contexts.contains(&label));
}

#[test]
fn a_passed_file_is_made_and_opened_by_the_supervisor_alone() {
    let mut plan = bedside_monitor();
    let mut log = declared("/var/log/pump/shown", Access::Write, 93);
    log.kind = PathKind::Absent;
    log.missing = Missing::Create;
    log.pass = Some("shown".to_owned());
    plan.components[0].files.push(log);
    let policy = policy(&plan, &debian_12_profile());
    let domain = names::domain_type("bedside-monitor", "vitals-display");
    let label = names::file_type("bedside-monitor", "/var/log/pump/shown");
    let rules = rules(&policy.module);
    for rule in [
        format!("(allow {domain} {label} (file (append getattr map read write)))"),
        format!("(allow cordon_supervisor_t {label} (file (create setattr)))"),
        format!("(allow cordon_supervisor_t {label} (file (append open read write)))"),
    ] {
        assert!(rules.contains(&rule.as_str()), "{rule}");
    }
    assert!(policy.contexts.contains("/var/log/pump/shown\t--\t"));
}

#[test]
fn a_path_that_the_base_policy_labels_itself_is_an_error_with_a_way_out() {
    let mut plan = bedside_monitor();
    plan.components[0].program.path = "/usr/sbin/nginx".to_owned();
    let mut hostname = declared("/etc/hostname", Access::Read, 60);
    hostname.kind = PathKind::File;
    plan.components[0].files.push(hostname);
    // As a directory it gets an expression of its own, which may stand beside.
    plan.components[0]
        .files
        .push(declared("/etc/fstab", Access::Read, 61));
    let node = &mut plan.components[0].devices;
    let serial = node.iter().position(|d| d.source == "/dev/ttyS1").unwrap();
    node[serial].source = "/dev/mem".to_owned();
    let profile = include_str!("../../profiles/targets/debian-12").to_owned()
        + "labelled other_t /usr/sbin/nginx /etc/hostname /etc/fstab /dev/mem\n";
    let found = errors(&plan, &Target::parse(&profile).unwrap());
    let said: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "line 8: the base policy of debian-12 labels the program /usr/sbin/nginx itself, other_t, and no path \
             has two labels: install a copy for the device, such as /usr/lib/bedside-monitor/nginx",
            "line 60: the base policy of debian-12 labels the file /etc/hostname itself, other_t, and no path has \
             two labels: install a copy for the device, such as /etc/bedside-monitor/hostname",
            "line 13: the base policy of debian-12 labels the device node /dev/mem itself, other_t, and no path has \
             two labels: grant another node, or give the device a node of its own",
        ]
    );
}

#[test]
fn a_path_of_the_whole_system_is_not_granted_for_writing() {
    let mut plan = bedside_monitor();
    plan.components[0]
        .files
        .push(declared("/usr/share/fonts/truetype", Access::Read, 60));
    let module = policy(&plan, &debian_12_profile()).module;
    let domain = names::domain_type("bedside-monitor", "vitals-display");
    assert!(module.contains(&format!(
        "(allow {domain} fonts_t (file (getattr map open read)))"
    )));
    assert!(!module.contains("/usr/share/fonts(/"));

    plan.components[0]
        .files
        .push(declared("/usr/bin/local", Access::Write, 61));
    let found = errors(&plan, &debian_12_profile());
    assert!(
        matches!(&found[..], [Error::SharedWrite { path, .. }] if path == "/usr/bin/local"),
        "{found:?}"
    );
    assert!(found[0].to_string().starts_with("line 61: "));
}

#[test]
fn paths_that_are_not_normalised_are_refused() {
    for path in ["relative", "/a/../b", "/a//b", "/", "/a/"] {
        let mut plan = bedside_monitor();
        plan.components[0]
            .files
            .push(declared(path, Access::Read, 42));
        let found = errors(&plan, &debian_12_profile());
        assert!(
            matches!(&found[..], [Error::Path { .. }]),
            "{path}: {found:?}"
        );
        assert!(found[0].to_string().starts_with("line 42: "));
    }
}

#[test]
fn what_the_base_policy_keeps_is_no_devices_from_above_or_below() {
    for target in Target::names() {
        let target = Target::named(target).unwrap();
        for (path, kind) in [
            ("/etc", PathKind::Directory),
            ("/etc/audit", PathKind::Directory),
            ("/etc/krb5.keytab", PathKind::File),
            ("/etc/selinux", PathKind::Directory),
            ("/etc/shadow", PathKind::File),
            ("/etc/ssh", PathKind::Directory),
            ("/etc/ssh/ssh_host_rsa_key", PathKind::File),
            ("/root", PathKind::Directory),
            ("/root/.ssh", PathKind::Directory),
            ("/var/lib", PathKind::Directory),
            ("/var/lib/selinux/targeted", PathKind::Absent),
        ] {
            let mut plan = bedside_monitor();
            let mut file = declared(path, Access::Read, 77);
            file.kind = kind;
            plan.components[0].files.push(file);
            let found = errors(&plan, &target);
            assert!(
                found.iter().any(|error| {
                    matches!(error, Error::Kept { path: of, origin, .. }
                        if of == path && origin.contains("line 77"))
                }),
                "{path} on {}: {found:?}",
                target.name()
            );
        }
    }
    // By the profile alone: no list of places has it.
    let mut plan = bedside_monitor();
    plan.components[0]
        .files
        .push(declared("/etc/openarc", Access::Read, 78));
    let found = errors(&plan, &Target::named("debian-13").unwrap());
    let said = found[0].to_string();
    assert!(
        said.contains("line 78") && said.contains("openarc_milter_private_key_t"),
        "{said}"
    );
    // A program would be labelled, too.
    let mut plan = bedside_monitor();
    plan.components[0].program.path = "/var/lib/selinux/display".to_owned();
    let found = errors(&plan, &debian_12_profile());
    assert!(matches!(&found[..], [Error::Kept { .. }]), "{found:?}");
}

#[test]
fn a_directory_in_which_the_base_policy_names_a_path_is_an_error_naming_both() {
    let target = Target::named("debian-13").unwrap();
    let mut plan = bedside_monitor();
    plan.components[0]
        .files
        .push(declared("/etc/security", Access::Read, 79));
    // Beside it, and a file of the same beginning.
    plan.components[0]
        .files
        .push(declared("/etc/rc.d/init.d/zoneminder2", Access::Read, 80));
    let found = errors(&plan, &target);
    let below = found.iter().find_map(|error| match error {
        Error::BaseBelow { path, below, .. } => Some((path.as_str(), below.as_str())),
        _ => None,
    });
    assert_eq!(
        below,
        Some(("/etc/security", "/etc/security/namespace.init")),
        "{found:?}"
    );
    let said = found.iter().map(ToString::to_string).collect::<String>();
    assert!(
        said.contains("line 79") && !said.contains("line 80"),
        "{said}"
    );
}

#[test]
fn what_is_missing_is_made_in_a_directory_of_the_devices_own_and_nowhere_else() {
    let target = debian_12_profile();
    let device = "bedside-monitor";
    // The example's trends: their parent gets a type of its own, the directory alone.
    let policy = policy(&bedside_monitor(), &target);
    let parent = names::parent_type(device, "/var/lib/bedside-monitor");
    let trends = names::file_type(device, "/var/lib/bedside-monitor/trends");
    for rule in [
        format!("(allow cordon_supervisor_t {parent} (dir (add_name search write)))"),
        format!("(typetransition cordon_supervisor_t {parent} dir \"trends\" {trends})"),
        format!("(allow cordon_supervisor_t {trends} (dir (create setattr)))"),
    ] {
        assert!(rules(&policy.module).contains(&rule.as_str()), "{rule}");
    }
    let line = format!("/var/lib/bedside-monitor\t-d\tsystem_u:object_r:{parent}:s0");
    assert!(policy.contexts.lines().any(|one| one == line), "{line}");

    // In a directory that is the device's already, that one's type is enough.
    let mut plan = bedside_monitor();
    let mut made = declared("/var/lib/bedside-monitor/trends/today", Access::Write, 95);
    (made.kind, made.missing) = (PathKind::Absent, Missing::Create);
    plan.components[1].files.push(made);
    let module = self::policy(&plan, &target).module;
    let rule = format!("(allow cordon_supervisor_t {trends} (dir (add_name search write)))");
    assert!(rules(&module).contains(&rule.as_str()), "{rule}");

    // In one of the whole system nothing is made, and nothing is to be where it is there.
    // Nor in a directory in which another program of the system keeps its own.
    for path in [
        "/var/lib/pump",
        "/pump",
        "/var/lib/dpkg/pump",
        "/var/lib/systemd/pump",
        "/usr/share/zoneinfo/pump",
    ] {
        let mut plan = bedside_monitor();
        let mut made = declared(path, Access::Write, 96);
        (made.kind, made.missing) = (PathKind::Absent, Missing::Create);
        plan.components[0].files.push(made);
        let found = errors(&plan, &target);
        let said = found[0].to_string();
        assert!(said.contains("line 96"), "{said}");
        if path != "/usr/share/zoneinfo/pump" {
            assert!(matches!(&found[..], [Error::NoPlace { .. }]), "{found:?}");
            plan.components[0].files.last_mut().unwrap().kind = PathKind::Directory;
            let module = self::policy(&plan, &target).module;
            assert!(!module.contains("(typetransition cordon_supervisor_t var_lib_t"));
        }
    }
}

#[test]
fn a_tmpfs_and_a_path_inside_a_granted_directory_can_be_mounted() {
    let mut plan = bedside_monitor();
    let device = plan.device.clone();
    let mut scratch = declared("/usr/share/bedside-monitor/scratch", Access::Write, 97);
    scratch.size = Some(1 << 20);
    let mut file = declared("/usr/share/bedside-monitor/alarms", Access::Write, 98);
    file.kind = PathKind::File;
    plan.components[0].files.extend([scratch, file]);
    let module = policy(&plan, &debian_12_profile()).module;
    let outer = names::file_type(&device, "/usr/share/bedside-monitor");
    let inner = names::file_type(&device, "/usr/share/bedside-monitor/alarms");
    for rule in [
        format!("(allow cordon_supervisor_t {outer} (dir (mounton)))"),
        format!("(allow cordon_supervisor_t {inner} (file (mounton)))"),
        "(allow cordon_supervisor_t tmpfs_t (filesystem (relabelfrom)))".to_owned(),
    ] {
        assert!(rules(&module).contains(&rule.as_str()), "{rule}");
    }
    assert_eq!(module.matches("(mounton)").count(), 2, "nowhere else");
}
