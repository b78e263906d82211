//! What the generated policy does in a kernel that enforces it: each fact that
//! the supervisor and SECURITY.md rely on, in a micro virtual machine.
//!
//! The supervisor here is a program in the supervisor's domain that starts the
//! components' programs with nothing but SELinux in force: same user, same
//! namespaces, all capabilities.

use cordon_manifest::facts::{Elf, Executable, Facts, Kind, Path, UserFact};
use cordon_manifest::plan::{Node, Plan};
use cordon_policygen::{base_module, generate, names};
use cordon_tests::needs::{Need, met};
use cordon_tests::vm::micro::{self, Case, Run, Staged};
use cordon_tests::vm::{QEMU, audit};
use cordon_tests::workspace;
use std::fs;

const NEEDS: &[Need] = &[
    Need::Program(QEMU),
    Need::Program("/usr/bin/secilc"),
    Need::Program("/usr/share/selinux/default/base.pp.bz2"),
];

const DEVICE: &str = "micro";
/// The same device, but for one rule that each component lacks.
const LESS: &str = "less";

fn manifest(device: &str) -> String {
    let text = fs::read_to_string(workspace::root().join("tests/vm/micro.yaml")).unwrap();
    let text = text.replace("device: micro", &format!("device: {device}"));
    let text = text.replace("/micro", &format!("/{device}"));
    // A port has one label.
    match device {
        DEVICE => text,
        _ => text
            .replace("tcp/11073", "tcp/11075")
            .replace("tcp/104", "tcp/105"),
    }
}

/// The plan of a manifest on a device where everything it names is there.
fn plan(manifest: &str) -> Plan {
    let checked = cordon_manifest::parse(manifest.as_bytes(), "micro.yaml")
        .unwrap_or_else(|report| panic!("{report:?}"));
    let questions = checked.manifest.questions();
    let fact = |path: &String| {
        let node = |minor| {
            Kind::Device(Node {
                block: false,
                major: 1,
                minor,
            })
        };
        let program = questions.executables.contains(path);
        Path {
            resolved: path.clone(),
            kind: match path.as_str() {
                "/dev/null" => node(3),
                "/dev/urandom" => node(9),
                _ if program => Kind::File,
                _ => Kind::Directory,
            },
            mode: if program { 0o755 } else { 0o644 },
            uid: 0,
            gid: 0,
            open_parent: None,
            project_quota: false,
            executable: program.then(|| {
                Executable::Elf(Elf {
                    machine: "x86-64".into(),
                    interpreter: None,
                    libraries: Vec::new(),
                    not_found: Vec::new(),
                    origin: false,
                })
            }),
        }
    };
    let paths = questions.paths.union(&questions.executables);
    let facts = Facts {
        machine: "x86-64".into(),
        paths: paths.map(|path| (path.clone(), fact(path))).collect(),
        users: (questions.users.iter().zip(900..))
            .map(|(name, uid)| (name.clone(), UserFact { uid, gid: uid }))
            .collect(),
        unprivileged_port_start: 1024,
    };
    let resolved = cordon_manifest::resolve(&checked.manifest, &facts);
    resolved.unwrap_or_else(|report| panic!("{report:?}")).plan
}

fn module(device: &str) -> String {
    let plan = plan(&manifest(device));
    let policy = generate(&plan, &micro::target().unwrap());
    policy.unwrap_or_else(|errors| panic!("{errors:#?}")).module
}

/// The module without one permission of one rule, which must be in it once.
fn lacking(module: &str, rule: &str, instead: &str) -> String {
    assert_eq!(module.matches(rule).count(), 1, "{rule}");
    module.replace(rule, instead)
}

/// Three components of a second device, which lack one permission each.
fn less() -> String {
    let mut module = module(LESS);
    let domain = |component| names::domain_type(LESS, component);
    let transition = |component, permissions| {
        format!(
            "(allow {} {} (process2 ({permissions})))",
            names::SUPERVISOR,
            domain(component)
        )
    };
    let both = "nnp_transition nosuid_transition";
    for (component, left) in [
        ("writer", "nosuid_transition"),
        ("reader", "nnp_transition"),
    ] {
        let rule = transition(component, both);
        module = lacking(&module, &rule, &transition(component, left));
    }
    let rule = format!(
        "(allow {} {} (fd (use)))",
        domain("daemon"),
        names::SUPERVISOR
    );
    // What a module would say that relied on automatic transitions.
    let (supervisor, exec) = (names::SUPERVISOR, names::exec_type(LESS, "writer"));
    lacking(&module, &rule, "")
        + &format!(
            "(typetransition {supervisor} {exec} process {})\n\
             (allow {supervisor} {exec} (file (execute_no_trans map)))\n",
            domain("writer")
        )
}

fn staged() -> Vec<Staged> {
    let mut all = Vec::new();
    let mut add = |kind, path: String, label: &str| {
        all.push(Staged {
            kind,
            path,
            label: label.into(),
        });
    };
    for (path, label) in [
        ("/", "root_t"),
        ("/proc", "proc_t"),
        ("/sys", "sysfs_t"),
        ("/dev", "device_t"),
        ("/usr", "usr_t"),
        ("/usr/bin", "bin_t"),
        ("/usr/lib", "lib_t"),
        ("/sbin", "bin_t"),
        ("/etc", "etc_t"),
        // As in a compartment's own root.
        ("/var", names::ROOT),
        ("/var/lib", names::ROOT),
    ] {
        add("directory", path.into(), label);
    }
    add("program", "/sbin/init".into(), "init_exec_t");
    add(
        "program",
        "/usr/bin/cordon".into(),
        "cordon_supervisor_exec_t",
    );
    add("node", "/dev/null".into(), "null_device_t");
    add("node", "/dev/urandom".into(), "urandom_device_t");
    for device in [DEVICE, LESS] {
        add("directory", format!("/usr/lib/{device}"), "lib_t");
        for component in ["writer", "reader", "daemon"] {
            let path = format!("/usr/lib/{device}/{component}");
            add("program", path, &names::exec_type(device, component));
        }
    }
    for directory in ["/etc/micro", "/var/lib/micro"] {
        let label = names::file_type(DEVICE, directory);
        add("directory", directory.into(), &label);
        add("file", format!("{directory}/file"), &label);
    }
    // Where the reader gets at it.
    add("program", "/etc/micro/shell".into(), "bin_t");
    all
}

/// One fact: a start, what is tried after it, and what must come of it.
struct Fact {
    case: Case,
    name: &'static str,
    /// The domain at its end.
    domain: String,
    /// How it ended; empty for one that stays.
    exit: &'static str,
    tries: Vec<(&'static str, &'static str)>,
    denied: Vec<audit::Rule>,
}

impl Fact {
    fn new(name: &'static str, device: &str, component: &str) -> Self {
        let program = format!("/usr/lib/{device}/{component}");
        Self {
            case: Case::new(name, &program)
                .field("context", &names::domain_context(device, component)),
            name,
            domain: names::domain_type(device, component),
            exit: "exit 0",
            tries: Vec::new(),
            denied: Vec::new(),
        }
    }

    /// A start by the supervisor, as it does it, of a component of the device.
    fn of(name: &'static str, component: &str) -> Self {
        Self::new(name, DEVICE, component)
    }

    fn with(mut self, change: impl FnOnce(Case) -> Case) -> Self {
        self.case = change(self.case);
        self
    }

    /// Places a memfd: of the channel or, unnamed, as the supervisor makes it.
    fn descriptor(self, what: &str) -> Self {
        let what = what.replace("channel", &names::channel_type(DEVICE, "vitals"));
        self.with(|case| case.field("descriptor", &what))
    }

    fn tries(mut self, tried: &'static str, outcome: &'static str) -> Self {
        self.case = self.case.field("try", tried);
        self.tries
            .push((tried.split_once(":PEER").map_or(tried, |it| it.0), outcome));
        self
    }

    fn denied(mut self, target: &str, class: &str, permission: &str) -> Self {
        let rule = audit::Rule::new(&self.domain, target, class, permission);
        self.denied.push(rule);
        self
    }

    /// The supervisor's exec must fail, for want of this.
    fn not_executed(mut self, errno: &'static str, rule: audit::Rule) -> Self {
        // It ends where it was: in the supervisor's domain.
        self.domain = names::SUPERVISOR.into();
        self.exit = "exit 99";
        self.tries = vec![("exec", errno)];
        self.denied.push(rule);
        self
    }
}

/// What the exec does to a process.
fn exec_facts() -> Vec<Fact> {
    let all = |fact: Fact, signal, secure, privileges| {
        let fact = fact.tries("death-signal", signal).tries("secure", secure);
        fact.tries("no-new-privs", privileges)
    };
    let exec = |component| names::exec_type(DEVICE, component);
    let domain = |device, component| names::domain_type(device, component);
    let less = |name, component| Fact::new(name, LESS, component);
    let rule = |source: &str, target: &str, class, permission| {
        audit::Rule::new(source, target, class, permission)
    };
    let mut stays = less("automatic transition without nnp_transition", "writer")
        .with(|case| case.without("context"));
    stays.domain = names::SUPERVISOR.into();
    let mut killed = less("without fd use", "daemon");
    // Standard streams are closed and the C library gives up before main().
    killed.exit = "SIGSEGV";
    let killed = killed.denied(names::SUPERVISOR, "fd", "use");
    vec![
        // The transition clears the signal that a launcher would rely on, and
        // tells the loader not to trust the environment.
        all(Fact::of("exec", "reader"), "none", "true", "true"),
        // Out of the outer mount namespace, nosuid_transition granted.
        all(
            Fact::of("exec by an outer descriptor", "reader").with(|case| case.field("outer", "")),
            "none",
            "true",
            "true",
        ),
        Fact::of("exec without a context", "reader")
            .with(|case| case.without("context"))
            .not_executed(
                "EACCES",
                rule(
                    names::SUPERVISOR,
                    &exec("reader"),
                    "file",
                    "execute_no_trans",
                ),
            ),
        Fact::of("a program of the system", "reader")
            .with(|case| case.without("program").field("program", "/etc/micro/shell"))
            .not_executed(
                "EACCES",
                rule(names::SUPERVISOR, "bin_t", "file", "execute"),
            ),
        Fact::of("another component's program", "reader")
            .with(|case| {
                case.without("program")
                    .field("program", "/usr/lib/micro/writer")
            })
            .not_executed(
                "EACCES",
                rule(
                    &domain(DEVICE, "reader"),
                    &exec("writer"),
                    "file",
                    "entrypoint",
                ),
            ),
        less("without nnp_transition", "writer").not_executed(
            "EPERM",
            rule(
                names::SUPERVISOR,
                &domain(LESS, "writer"),
                "process2",
                "nnp_transition",
            ),
        ),
        // Nothing fails, nothing is logged but this, and it is the supervisor that runs.
        all(stays, "SIGKILL", "false", "true"),
        less("without nosuid_transition", "reader")
            .with(|case| case.field("outer", "").without("no-new-privs"))
            .not_executed(
                "EACCES",
                rule(
                    names::SUPERVISOR,
                    &domain(LESS, "reader"),
                    "process2",
                    "nosuid_transition",
                ),
            ),
        killed,
    ]
}

/// What becomes of memory that is handed over.
fn channel_facts() -> Vec<Fact> {
    let channel = names::channel_type(DEVICE, "vitals");
    vec![
        // The kernel takes a descriptor away that would allow more than the domain may.
        Fact::of("a writable channel leaks to its reader", "reader")
            .descriptor("channel:rw")
            .tries("descriptor:10", "null device")
            .denied(&channel, "file", "write"),
        Fact::of("a read-only channel", "reader")
            .descriptor("channel:ro")
            .tries("descriptor:10", "file")
            .tries("map-read:10", "ok")
            .tries("map-write:10", "EACCES")
            .tries("map-execute:10", "EACCES")
            .tries("reopen:10", "EACCES")
            .denied(&channel, "file", "execute")
            .denied(&channel, "file", "write"),
        Fact::of("the channel at its writer", "writer")
            .descriptor("channel:rw")
            .tries("descriptor:10", "file")
            .tries("map-write:10", "ok")
            .tries("map-execute:10", "EACCES")
            .tries("reopen:10", "EACCES")
            .denied(&channel, "file", "execute")
            .denied(&channel, "file", "open"),
        Fact::of(
            "a channel it is no end of, and memory of the supervisor's",
            "daemon",
        )
        .descriptor("channel:ro")
        .descriptor(":rw")
        .tries("descriptor:10", "null device")
        .tries("descriptor:11", "null device")
        .denied(&channel, "file", "read")
        .denied(names::MEMFD, "file", "write"),
        Fact::of("a channel not labelled yet", "writer")
            .descriptor(":rw")
            .tries("descriptor:10", "null device")
            .denied(names::MEMFD, "file", "write"),
        Fact::of("code of its own", "reader")
            .tries("map-anonymous-execute", "EACCES")
            .tries("protect-execute", "EACCES")
            .denied(&names::domain_type(DEVICE, "reader"), "process", "execmem"),
    ]
}

/// Files, ports, other components, labels.
fn access_facts() -> Vec<Fact> {
    let file = |path| names::file_type(DEVICE, path);
    let domain = |component| names::domain_type(DEVICE, component);
    vec![
        Fact::of("files of the reader", "reader")
            .tries("read:/etc/micro/file", "ok")
            .tries("write:/etc/micro/file", "EACCES")
            .tries("read:/var/lib/micro/file", "EACCES")
            .tries("execute:/etc/micro/shell", "EACCES")
            .tries("execute:/usr/lib/micro/writer", "EACCES")
            // Nor again its own: the supervisor executes it, once.
            .tries("execute:/usr/lib/micro/reader", "EACCES")
            .denied(&file("/etc/micro"), "file", "write")
            .denied(&file("/var/lib/micro"), "dir", "search")
            .denied("bin_t", "file", "execute")
            .denied(&names::exec_type(DEVICE, "writer"), "file", "execute")
            .denied(&names::exec_type(DEVICE, "reader"), "file", "open"),
        Fact::of("files of the writer", "writer")
            .tries("write:/var/lib/micro/file", "ok")
            .tries("read:/etc/micro/file", "EACCES")
            .tries("execute:/var/lib/micro/file", "EACCES")
            .denied(&file("/etc/micro"), "dir", "search")
            .denied(&file("/var/lib/micro"), "file", "execute"),
        Fact::of("ports", "daemon")
            .tries("bind:11073", "ok")
            .tries("bind:11074", "EACCES")
            .tries("bind:443", "EACCES")
            // Permitted: there is no network behind it.
            .tries("connect:104", "ENETUNREACH")
            .tries("connect:22", "EACCES")
            .denied("unreserved_port_t", "tcp_socket", "name_bind")
            .denied("http_port_t", "tcp_socket", "name_bind")
            .denied("ssh_port_t", "tcp_socket", "name_connect"),
        Fact::of("no ports", "reader")
            .tries("bind:11073", "EACCES")
            .tries("connect:104", "EACCES")
            .denied(&domain("reader"), "tcp_socket", "create"),
        Fact::of("a socket it accepts on", "reader")
            .descriptor("listener:443")
            .tries("descriptor:10", "socket")
            .tries("bind-descriptor:10", "EACCES")
            .tries("listen-descriptor:10", "EACCES")
            .tries("connect-descriptor:10", "EACCES")
            .denied(names::SUPERVISOR, "tcp_socket", "bind")
            .denied(names::SUPERVISOR, "tcp_socket", "connect")
            .denied(names::SUPERVISOR, "tcp_socket", "listen"),
        Fact::of("another component", "reader")
            .tries("signal:PEER", "EACCES")
            .tries("ptrace:PEER", "EACCES")
            .tries("read-memory:PEER", "EACCES")
            .tries("list-descriptors:PEER", "EACCES")
            .denied(&domain("writer"), "dir", "search")
            .denied(&domain("writer"), "process", "ptrace")
            .denied(&domain("writer"), "process", "signal"),
        Fact::of("its own label, and the policy", "reader")
            .tries("set-exec-context:system_u:system_r:init_t:s0", "EACCES")
            .tries("set-context:system_u:system_r:init_t:s0", "EACCES")
            .tries("write:/sys/fs/selinux/load", "EACCES")
            .tries("write:/sys/fs/selinux/enforce", "EACCES")
            .denied(&domain("reader"), "process", "setcurrent")
            .denied(&domain("reader"), "process", "setexec")
            .denied("security_t", "dir", "search"),
    ]
}

#[test]
fn the_kernel_does_what_the_generated_policy_says() {
    if !met(NEEDS) {
        return;
    }
    let mut peer = Fact::of("the other component", "writer").tries("secure", "true");
    peer.case = peer.case.field("stay", "");
    peer.exit = "";
    let mut facts = vec![peer];
    facts.extend(exec_facts());
    facts.extend(channel_facts());
    facts.extend(access_facts());
    let probe = fs::read_to_string(workspace::root().join("tests/vm/probe/probe.cil")).unwrap();
    let modules = [
        ("cordon.cil", base_module().to_owned()),
        ("micro.cil", module(DEVICE)),
        ("less.cil", less()),
        ("probe.cil", probe),
    ];
    let policy = micro::policy(&modules).unwrap_or_else(|error| panic!("{error}"));
    let cases: Vec<Case> = facts.iter().map(|fact| fact.case.clone()).collect();
    let run = micro::run(&policy, &staged(), &cases).unwrap_or_else(|error| panic!("{error}"));
    // Init's automatic transition.
    assert_eq!(run.case("supervisor").domain, names::SUPERVISOR);
    let wrong = wrong(&run, &facts);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Where the kernel did otherwise, and denials that no fact is about.
fn wrong(run: &Run, facts: &[Fact]) -> Vec<String> {
    let mut wrong = Vec::new();
    let denials = run.denials();
    for fact in facts {
        let (name, ended) = (fact.name, run.case(fact.name));
        if (ended.domain.as_str(), ended.exit.as_str()) != (&fact.domain, fact.exit) {
            wrong.push(format!("{name}: {ended:?}"));
        }
        for (tried, outcome) in &fact.tries {
            if ended.tries[*tried] != **outcome {
                let found = &ended.tries[*tried];
                wrong.push(format!("{name}: {tried}: {found}, not {outcome}"));
            }
        }
        for rule in &fact.denied {
            if !denials.iter().any(|denial| denial.breaks(rule)) {
                wrong.push(format!("{name}: nothing logged of {rule:?}"));
            }
        }
    }
    let about = |denial: &audit::Denial| {
        facts
            .iter()
            .flat_map(|fact| &fact.denied)
            .any(|rule| denial.breaks(rule))
    };
    // The stage is set before the kernel enforces.
    let enforced = denials.iter().filter(|denial| !denial.permissive);
    let others = enforced.filter(|denial| !about(denial));
    wrong.extend(others.map(|denial| format!("not expected: {}", denial.line)));
    wrong
}
