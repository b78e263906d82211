//! A component's domain: how it is entered, what every program needs, and
//! what the manifest grants besides files, sockets and channels.

use crate::cil::path_expression;
use crate::files;
use crate::labels::{Label, Labels};
use crate::names::{self, NOTIFY, SUPERVISOR, WORKER};
use crate::network;
use crate::writer::{FileContext, FileKind, Writer};
use cordon_manifest::plan::{Component, Linkage, Origin, Plan};

/// TCGETS, by which a C library asks whether a stream is a terminal.
const TCGETS: u32 = 0x5401;

/// Writes everything about one component.
pub(crate) fn write(writer: &mut Writer<'_>, plan: &Plan, labels: &Labels, component: &Component) {
    let domain = names::domain_type(&plan.device, &component.name);
    let line = |line| Origin::Manifest { line };
    writer.heading(&format!("component {}", component.name));

    writer.group(
        &format!("{} runs in a domain of its own.", component.name),
        &line(component.line),
    );
    writer.declare(
        &domain,
        "system_r",
        &format!("component {}", component.name),
    );
    writer.join(&domain, &["domain"]);
    writer.statement(&format!("(typeattributeset {WORKER} ({domain}))"));

    entry(writer, labels, component, &domain);
    streams(writer, component, &domain);
    own_process(writer, component, &domain);
    if component.program.linkage == Linkage::Dynamic {
        loader(writer, component, &domain);
    }
    if component.notify.value || component.watchdog.is_some() {
        notify(writer, component, &domain);
    }
    if component.proc.value {
        writer.group(
            "It sees its own processes in /proc.",
            &component.proc.origin,
        );
        let proc = writer.base("proc_t").to_owned();
        writer.allow(
            &domain,
            &proc,
            "dir",
            &["getattr", "open", "read", "search"],
        );
        writer.allow(&domain, &proc, "lnk_file", &["getattr", "read"]);
        // What stands behind each mount is read back.
        writer.allow(SUPERVISOR, &proc, "dir", &["getattr"]);
        writer.allow(
            &domain,
            "self",
            "dir",
            &["getattr", "open", "read", "search"],
        );
        writer.allow(&domain, "self", "file", &["getattr", "open", "read"]);
        writer.allow(&domain, "self", "lnk_file", &["getattr", "read"]);
    }
    if let Some(realtime) = &component.realtime {
        writer.group(
            "It may set the scheduling of its own threads.",
            &realtime.origin,
        );
        writer.allow(&domain, "self", "process", &["setsched"]);
    }
    if component.fork.value {
        writer.group(
            "It may arrange its own processes in groups and sessions.",
            &component.fork.origin,
        );
        writer.allow(
            &domain,
            "self",
            "process",
            &["getpgid", "getsession", "setpgid"],
        );
    }
    files::write(writer, plan, labels, component, &domain);
    network::write(writer, labels, component, &domain);
}

/// The one way into the domain.
fn entry(writer: &mut Writer<'_>, labels: &Labels, component: &Component, domain: &str) {
    let Some(program) = labels.programs.get(&component.program.path) else {
        return;
    };
    let exec = program.label.name().to_owned();
    let origin = Origin::Manifest {
        line: component.program.line,
    };
    match &program.label {
        Label::Own(_) if program.component == component.name => {
            writer.group("The program carries a type of its own.", &origin);
            let what = format!("the program of component {}", component.name);
            writer.declare(&exec, "object_r", &what);
            writer.join(
                &exec,
                &[
                    "file_type",
                    "non_security_file_type",
                    "non_auth_file_type",
                    "exec_type",
                    "entry_type",
                ],
            );
            writer.context(FileContext {
                expression: path_expression(&component.program.path),
                kind: FileKind::Regular,
                label: exec.clone(),
            });
        }
        Label::Own(_) => writer.group(
            &format!("It runs the program of component {}.", program.component),
            &origin,
        ),
        Label::Base(_) => {
            writer.group(
                "The interpreter of a script serves the whole system and keeps its label.",
                &origin,
            );
            writer.base(&exec);
        }
    }

    writer.group(
        "Cordon reads its ELF headers, also before a policy is installed again.",
        &origin,
    );
    writer.allow(names::PROGRAM, &exec, "file", &["getattr", "open", "read"]);

    writer.group(
        "The supervisor, and nobody else, starts it, by setexeccon: an automatic transition under \
         no_new_privs would silently stay in the supervisor's domain without nnp_transition.",
        &origin,
    );
    writer.allow(SUPERVISOR, "self", "process", &["setexec"]);
    writer.allow(
        SUPERVISOR,
        &exec,
        "file",
        &["execute", "getattr", "open", "read"],
    );
    writer.allow(SUPERVISOR, domain, "process", &["rlimitinh", "transition"]);
    writer.allow(
        SUPERVISOR,
        domain,
        "process2",
        &["nnp_transition", "nosuid_transition"],
    );
    // Signal state is reset and AT_SECURE set: both are wanted, neither is news.
    writer.statement(&format!(
        "(dontaudit {SUPERVISOR} {domain} (process (noatsecure siginh)))"
    ));
    writer.allow(
        domain,
        &exec,
        "file",
        &["entrypoint", "execute", "getattr", "map", "read"],
    );

    writer.group(
        "The supervisor reads back what is in force, holds it until that is proved, and ends it.",
        &origin,
    );
    writer.allow(
        SUPERVISOR,
        domain,
        "process",
        &["getattr", "ptrace", "sigkill", "signal", "signull"],
    );
    writer.allow(
        SUPERVISOR,
        domain,
        "dir",
        &["getattr", "open", "read", "search"],
    );
    writer.allow(SUPERVISOR, domain, "file", &["getattr", "open", "read"]);
    writer.allow(SUPERVISOR, domain, "lnk_file", &["getattr", "read"]);
    writer.allow(domain, SUPERVISOR, "process", &["sigchld"]);
    // It takes copies of what it handed over; what the component opened itself it
    // asks for as well, and is refused: its name is enough.
    writer.statement(&format!("(dontaudit {SUPERVISOR} {domain} (fd (use)))"));
}

/// What it inherits from the supervisor, whatever it is.
fn streams(writer: &mut Writer<'_>, component: &Component, domain: &str) {
    let origin = Origin::Manifest {
        line: component.line,
    };
    writer.group(
        "It keeps the descriptors it inherits; without this the kernel replaces each by its null device.",
        &origin,
    );
    writer.allow(domain, SUPERVISOR, "fd", &["use"]);

    writer.group(
        "Standard input is the null device; output goes to a pipe or journal stream of the supervisor's.",
        &origin,
    );
    let null = writer.target.node("/dev/null").unwrap_or("null_device_t");
    let null = writer.base(null).to_owned();
    writer.allow(domain, &null, "chr_file", &["getattr", "read", "write"]);
    writer.allow_ioctl(domain, &null, "chr_file", &[TCGETS]);
    writer.allow(domain, SUPERVISOR, "fifo_file", &["getattr", "write"]);
    writer.allow_ioctl(domain, SUPERVISOR, "fifo_file", &[TCGETS]);
    writer.allow(
        domain,
        SUPERVISOR,
        "unix_stream_socket",
        &["getattr", "write"],
    );
    writer.allow_ioctl(domain, SUPERVISOR, "unix_stream_socket", &[TCGETS]);

    writer.group("It walks the directories of its own root.", &origin);
    writer.allow(
        domain,
        names::ROOT,
        "dir",
        &["getattr", "open", "read", "search"],
    );
}

/// What a process does to itself.
fn own_process(writer: &mut Writer<'_>, component: &Component, domain: &str) {
    writer.group(
        "It starts threads (the kernel asks for the same permission as for processes, which seccomp \
         tells apart), signals itself and uses pipes of its own.",
        &Origin::Manifest {
            line: component.program.line,
        },
    );
    writer.allow(
        domain,
        "self",
        "process",
        &[
            "fork", "getsched", "sigchld", "sigkill", "signal", "signull", "sigstop",
        ],
    );
    writer.allow(domain, "self", "fifo_file", &["getattr", "read", "write"]);
}

/// The loader and the libraries of a dynamic program: by their types, not by
/// their names, so that a library upgrade changes no policy.
fn loader(writer: &mut Writer<'_>, component: &Component, domain: &str) {
    writer.group(
        "The program is dynamic: it maps the loader, its cache and shared libraries.",
        &Origin::Derived {
            from: component.program.path.clone(),
        },
    );
    // Libraries that relocate their text are labelled apart: they are mapped, and not changed.
    for label in ["ld_so_t", "lib_t", "textrel_shlib_t"] {
        let label = writer.base(label).to_owned();
        writer.allow(
            domain,
            &label,
            "file",
            &["execute", "getattr", "map", "open", "read"],
        );
        writer.allow(domain, &label, "lnk_file", &["getattr", "read"]);
    }
    let libraries = writer.base("lib_t").to_owned();
    writer.allow(domain, &libraries, "dir", &["getattr", "search"]);
    let cache = writer.base("ld_so_cache_t").to_owned();
    writer.allow(domain, &cache, "file", &["getattr", "map", "open", "read"]);
}

/// The datagram socket of sd_notify(3).
fn notify(writer: &mut Writer<'_>, component: &Component, domain: &str) {
    let origin = component
        .watchdog
        .as_ref()
        .map_or(&component.notify.origin, |watchdog| &watchdog.origin);
    writer.group(
        "It tells the supervisor of its state by datagram, and can be sent none.",
        origin,
    );
    writer.allow(
        domain,
        "self",
        "unix_dgram_socket",
        &["connect", "create", "getattr", "getopt", "setopt", "write"],
    );
    writer.allow(domain, SUPERVISOR, "unix_dgram_socket", &["sendto"]);
    writer.allow(domain, NOTIFY, "sock_file", &["getattr", "write"]);
}
