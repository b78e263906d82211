//! What is decided about real records, and that what is suggested can be pasted.

use super::*;
use crate::denials::refusal::refusals;
use crate::denials::refusal::tests::event;
use crate::denials::testing;
use cordon_policygen::names;

const DISPLAY: usize = 0;
const SERVICE: usize = 1;

fn about(plan: &Plan, index: usize, record: &str) -> Decision {
    let refusal = refusals(&event(&[record])).remove(0);
    decide(plan, &plan.components[index], &refusal.what)
}

fn call(index: usize, number: i64) -> Decision {
    call_of(&testing::plan(), index, number)
}

fn call_of(plan: &Plan, index: usize, number: i64) -> Decision {
    let record = format!(
        "1326 audit(1795471352.280:1): auid=4294967295 uid=1 gid=1 ses=4294967295 pid=9 \
         comm=\"x\" exe=\"/bin/x\" sig=0 arch={:x} syscall={number} compat=0 ip=0x7f code=0x50000",
        crate::denials::calls::native().unwrap()
    );
    about(plan, index, &record)
}

fn landlock(plan: &Plan, index: usize, rest: &str) -> Decision {
    about(
        plan,
        index,
        &format!("1423 audit(1.002:3): domain=1 {rest}"),
    )
}

/// The manifest with a suggestion of a kind that begins a new key, put where it
/// says: below the component's own line.
fn pasted(decision: &Decision) -> Vec<String> {
    let paste = decision.paste.as_deref().unwrap();
    let mut lines: Vec<String> = testing::MANIFEST.lines().map(str::to_owned).collect();
    let at = decision.line.unwrap() as usize;
    for (index, line) in paste.lines().enumerate() {
        lines.insert(at + index, format!("    {line}"));
    }
    lines
}

fn is_valid(lines: &[String]) -> Result<(), String> {
    let text = lines.join("\n") + "\n";
    match cordon_manifest::parse(text.as_bytes(), "x.yaml") {
        Ok(_) => Ok(()),
        Err(report) => Err(format!("{:?}", report.diagnostics)),
    }
}

#[test]
fn what_nobody_may_is_said_with_its_reason() {
    for (number, why) in [
        (libc::SYS_ptrace, "no process has a hold on another"),
        (libc::SYS_execve, "is executed once"),
        (libc::SYS_mount, "a compartment's root"),
        (libc::SYS_socket, "makes none"),
        (libc::SYS_getpmsg, "no role's profile and no key"),
    ] {
        let decision = call(SERVICE, number);
        assert_eq!(decision.kind, Kind::Never, "{number}: {decision:?}");
        assert!(decision.why.contains(why), "{number}: {decision:?}");
        assert_eq!(decision.paste, None);
    }
    let clone3 = call(SERVICE, libc::SYS_clone3);
    assert_eq!(clone3.kind, Kind::Harmless);
    assert!(clone3.why.contains("a kernel that lacks it"), "{clone3:?}");
    // The line that stands against it is named.
    let listen = testing::MANIFEST
        .lines()
        .position(|line| line.contains("name: https"));
    let line = u32::try_from(listen.unwrap() + 1).ok();
    assert_eq!(call(SERVICE, libc::SYS_connect).line, line);
}

#[test]
fn a_call_of_another_architecture_has_no_filter() {
    let decision = about(
        &testing::plan(),
        SERVICE,
        "1326 audit(1.002:3): uid=1 pid=9 arch=40000003 syscall=26 code=0x50000",
    );
    assert_eq!(decision.kind, Kind::Never);
    assert!(decision.why.contains("32-bit"), "{decision:?}");
}

#[test]
fn a_call_that_a_key_brings_is_given_the_key() {
    let decision = call(SERVICE, libc::SYS_mlockall);
    // Its role has no filter for real-time programs, so another role comes first.
    assert_eq!(decision.kind, Kind::Line);
    assert_eq!(decision.paste.as_deref(), Some("role: vitals-display"));
    let decision = call(SERVICE, libc::SYS_mkdir);
    assert_eq!(decision.paste.as_deref(), Some("role: network-program"));
    assert!(decision.why.contains("with more besides"), "{decision:?}");
    let decision = call(SERVICE, libc::SYS_openat);
    assert_eq!(decision.kind, Kind::Unclear);
    assert!(decision.why.contains("does not write down"), "{decision:?}");
    assert!(decision.why.contains("base.policy:"), "{decision:?}");
}

#[test]
fn what_is_suggested_can_be_pasted() {
    let plan = testing::plan();
    let missing = landlock(
        &plan,
        SERVICE,
        "blockers=fs.read_file path=\"/etc/hosts\" dev=\"vda\" ino=1",
    );
    assert_eq!(missing.kind, Kind::Missing);
    assert_eq!(missing.line, Some(plan.components[SERVICE].line));
    let paste = missing.paste.as_deref();
    assert_eq!(paste, Some("files:\n  - {path: /etc/hosts, access: read}"));
    // The component has `files` already: the entry goes below it.
    let mut lines = pasted(&missing);
    let at = plan.components[SERVICE].line as usize;
    let entry = lines.remove(at + 1);
    lines.remove(at);
    let files = lines[at..].iter().position(|line| line.trim() == "files:");
    lines.insert(at + files.unwrap() + 1, entry);
    is_valid(&lines).unwrap();
}

#[test]
fn a_device_request_is_added_to_the_line_of_the_device() {
    let plan = testing::plan();
    let decision = landlock(
        &plan,
        DISPLAY,
        "blockers=fs.ioctl_dev path=\"/dev/ttyS1\" dev=\"devtmpfs\" ino=3 ioctlcmd=0x5401",
    );
    assert_eq!(decision.kind, Kind::Line, "{decision:?}");
    let mut lines: Vec<String> = testing::MANIFEST.lines().map(str::to_owned).collect();
    let at = decision.line.unwrap() as usize - 1;
    assert!(lines[at].contains("/dev/ttyS1"), "{}", lines[at]);
    let entry = decision.paste.as_deref().unwrap();
    assert_eq!(
        entry,
        "- {path: /dev/ttyS1, access: write, ioctl: [0x5401]}"
    );
    lines[at] = format!("      {entry}");
    is_valid(&lines).unwrap();
}

#[test]
fn a_path_granted_for_reading_is_written_by_its_own_line_or_one_below() {
    let plan = testing::plan();
    let write = |path: &str| {
        landlock(
            &plan,
            DISPLAY,
            &format!("blockers=fs.write_file path=\"{path}\" dev=\"vda\" ino=1"),
        )
    };
    let whole = write("/usr/share/bedside-monitor");
    assert_eq!(whole.kind, Kind::Line);
    let line = testing::MANIFEST
        .lines()
        .nth(whole.line.unwrap() as usize - 1);
    assert!(line.unwrap().contains("/usr/share/bedside-monitor"));
    let paste = whole.paste.as_deref();
    assert_eq!(
        paste,
        Some("- {path: /usr/share/bedside-monitor, access: write}")
    );
    let part = write("/usr/share/bedside-monitor/cache");
    assert_eq!(part.kind, Kind::Missing);
    let paste = part.paste.unwrap();
    assert!(
        paste.ends_with("{path: /usr/share/bedside-monitor/cache, access: write}"),
        "{paste}"
    );
    let program = write("/usr/lib/bedside-monitor/vitals-display");
    assert_eq!(program.kind, Kind::Never);
    let granted = write("/var/lib/bedside-monitor/trends/1");
    assert_eq!(granted.kind, Kind::Granted);
}

#[test]
fn a_path_of_the_attackers_choosing_is_not_suggested() {
    let plan = testing::plan();
    let read = |path: &str, kind| {
        let decision = landlock(
            &plan,
            SERVICE,
            &format!("blockers=fs.read_file path={path} dev=\"vda\" ino=1"),
        );
        assert_eq!(decision.kind, kind, "{path}: {decision:?}");
        assert_eq!(decision.paste, None, "{path}: {decision:?}");
    };
    read("\"/etc/shadow\"", Kind::Never);
    read("\"/root/.ssh/id_ed25519\"", Kind::Never);
    read("\"/etc/cordon/bedside-monitor.yaml\"", Kind::Never);
    read("\"/\"", Kind::Never);
    read("\"/etc\"", Kind::Unclear);
    read("\"/sys/fs/cgroup/cordon/cgroup.procs\"", Kind::Never);
    read("\"/run/systemd/notify\"", Kind::Never);
    read("\"/proc/1/mem\"", Kind::Never);
    // "/x, access: write}\n  - {path: /etc" and other things that are not paths.
    read(
        "2F782C206163636573733A2077726974657D0A20202D207B706174683A202F657463",
        Kind::Unclear,
    );
    read("\"/a/../etc/hosts\"", Kind::Unclear);
    read("\"/a/*\"", Kind::Unclear);
    read("\"relative\"", Kind::Unclear);
}

#[test]
fn ports_are_named_whole_and_another_components_never() {
    let plan = testing::broker();
    let decision = landlock(
        &plan,
        0,
        "blockers=net.connect_tcp daddr=192.0.2.7 dest=8883",
    );
    assert_eq!(decision.kind, Kind::Line);
    assert_eq!(
        decision.paste.as_deref(),
        Some("network: {bind: [tcp/1883], connect: [tcp/8883]}")
    );
    let low = landlock(&plan, 0, "blockers=net.bind_tcp saddr=0.0.0.0 src=80");
    assert_eq!(low.kind, Kind::Never);
    assert!(low.why.contains("`listen`"), "{low:?}");
    let granted = landlock(&plan, 0, "blockers=net.bind_tcp src=1883");
    assert_eq!(granted.kind, Kind::Granted);
    // Two components of one device speak by channels.
    let mut two = plan.clone();
    let mut other = two.components[0].clone();
    other.name = "bridge".into();
    other.network = cordon_manifest::plan::Network::Host {
        bind: Vec::new(),
        connect: Vec::new(),
    };
    two.components.push(other);
    let decision = landlock(&two, 1, "blockers=net.connect_tcp daddr=::1 dest=1883");
    assert_eq!(decision.kind, Kind::Never);
    assert!(decision.why.contains("`channels`"), "{decision:?}");
}

#[test]
fn a_call_of_sockets_leaves_the_ports_that_are_granted() {
    let mut plan = testing::broker();
    // Or else that would be the key.
    plan.components[0].notify.value = true;
    let decision = call_of(&plan, 0, libc::SYS_setsockopt);
    assert_eq!(decision.kind, Kind::Line);
    assert_eq!(
        decision.paste.as_deref(),
        Some("network: {bind: [tcp/1883, tcp/PORT]}")
    );
}

#[test]
fn selinuxs_types_lead_back_to_the_manifest() {
    let plan = testing::plan();
    let avc = |index, permission: &str, target: &str, class: &str, more: &str| {
        about(
            &plan,
            index,
            &format!(
                "1400 audit(1.002:3): avc:  denied  {{ {permission} }} for  pid=9 comm=\"x\" \
                 {more} scontext=system_u:system_r:x_t:s0 \
                 tcontext=system_u:object_r:{target}:s0 tclass={class} permissive=0"
            ),
        )
    };
    let vitals = &names::channel_type("bedside-monitor", "vitals");
    let memory = "path=2F6D656D66643A766974616C73202864656C6574656429 dev=\"tmpfs\" ino=7";
    let written = avc(SERVICE, "write", vitals, "memfd_file", memory);
    assert_eq!(written.kind, Kind::Never);
    assert!(written.why.contains("one way"), "{written:?}");
    let executed = avc(DISPLAY, "execute", vitals, "file", memory);
    assert!(
        executed
            .why
            .contains("nothing in channel vitals is executed")
    );
    let display = &names::domain_type("bedside-monitor", "vitals-display");
    let signal = avc(SERVICE, "sigkill", display, "process", "");
    assert_eq!(signal.kind, Kind::Never);
    assert!(signal.why.contains("vitals-display"), "{signal:?}");
    let capability = avc(SERVICE, "sys_admin", display, "capability", "capability=21");
    assert!(capability.why.contains("no capability"), "{capability:?}");
    let memory = avc(
        SERVICE,
        "execmem",
        &names::domain_type("bedside-monitor", "network-service"),
        "process",
        "",
    );
    assert!(
        memory.why.contains("both written and executed"),
        "{memory:?}"
    );
    let hosts = "path=\"/etc/hosts\" dev=\"vda\" ino=1";
    let missing = avc(SERVICE, "read", "net_conf_t", "file", hosts);
    assert_eq!(missing.kind, Kind::Missing, "{missing:?}");
    let nameless = avc(
        SERVICE,
        "read",
        "net_conf_t",
        "file",
        "name=\"hosts\" dev=\"vda\"",
    );
    assert_eq!(nameless.kind, Kind::Unclear);
    // Granted by the manifest and denied all the same: the label or the policy is not its.
    let tls = "path=\"/etc/bedside-monitor/tls/server.key\" dev=\"vda\" ino=1";
    let mislabelled = avc(SERVICE, "read", "etc_t", "file", tls);
    assert_eq!(mislabelled.kind, Kind::Granted);
    assert!(mislabelled.why.contains("restorecon"), "{mislabelled:?}");
}
