//! What is claimed of a module, as `neverallow` rules the compiler checks
//! against the whole policy: the module, the base policy, and whatever else is
//! compiled with them.
//!
//! The rules stand in a file of their own that is not shipped: the complement
//! attributes they need would tag thousands of types of the binary policy.
//! Each claim has a stable identity, `CH-1(vitals)`, for the evidence to cite.

mod others;

use crate::channels::ends;
use crate::deny::Denied;
use crate::labels::{Labels, is_declared};
use crate::names::{self, SUPERVISOR, WORKER};
use crate::target::Target;
use cordon_manifest::plan::{Access, Channel, Component, Network, Origin, Plan};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

/// One claim, and the rules that make the compiler check it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Claim {
    /// Stable identity: the kind, and in parentheses what it is about.
    pub id: String,
    /// The claim in words.
    pub text: String,
    /// The manifest line or default it follows from.
    pub origin: String,
    /// First line of the assertions that belongs to it, from 1.
    pub first_line: usize,
    /// Last line of the assertions that belongs to it.
    pub last_line: usize,
}

const CHANGE_FILE: &str =
    "append create link mounton relabelfrom relabelto rename setattr unlink write";
/// What would change a file that is open already, or open it: all but `write`.
const REOPEN_FILE: &str =
    "open append create link mounton relabelfrom relabelto rename setattr unlink";
const CHANGE_DIRECTORY: &str = "add_name create link mounton relabelfrom relabelto remove_name rename \
     reparent rmdir setattr unlink write";
const CHANGE_OTHER: &str = "append create link relabelfrom relabelto rename setattr unlink write";

const USE_NODE: &str = "append execute ioctl lock map open read write";

/// Nodes that a base policy gives every domain (`devtty_t` is the terminal of
/// one's own session; components have none).
pub(crate) const AMBIENT_NODES: [&str; 4] = [
    "devtty_t",
    "null_device_t",
    "urandom_device_t",
    "zero_device_t",
];

/// The assertions of a Plan: their text, and the table of claims.
pub(crate) fn write(
    plan: &Plan,
    target: &Target,
    labels: &Labels,
    own: &BTreeSet<String>,
    denied: &Denied,
) -> (String, Vec<Claim>) {
    let mut assertions = Assertions {
        target,
        known: HashMap::new(),
        prefix: format!("{}assert", names::prefix(&plan.device)),
        sets: HashMap::new(),
        text: String::new(),
        lines: 0,
        claims: Vec::new(),
    };
    assertions.line(&format!(
        ";; What is claimed of {}, for the compiler to check. Not to be shipped.",
        plan.device
    ));
    // Said once: in every component's claims it would be the square of their number.
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    let own = assertions.set(&format!("({} {})", own.join(" "), names::MEMFD));
    for channel in &plan.channels {
        assertions.channel(plan, channel);
    }
    let mut channels: HashMap<&str, Vec<(&Channel, bool)>> = HashMap::new();
    for channel in &plan.channels {
        for (end, writes) in ends(channel) {
            let of_component = channels.entry(&end.value).or_default();
            of_component.push((channel, writes));
        }
    }
    let mut users: HashMap<&str, BTreeSet<String>> = HashMap::new();
    for (index, component) in plan.components.iter().enumerate() {
        let channels = channels.get(component.name.as_str());
        let reach = Reach::of(plan, labels, component, channels.map_or(&[], Vec::as_slice));
        assertions.component(labels, &own, component, &reach);
        assertions.network(labels, component, &reach);
        assertions.unasked(component, &reach.domain, denied, index);
        for device in &component.devices {
            let of_node = users.entry(&device.source).or_default();
            of_node.insert(reach.domain.clone());
        }
    }
    for (source, node) in &labels.nodes {
        let users = users.remove(source.as_str()).unwrap_or_default();
        assertions.node(source, &node.label, &users, &node.origin, node.block);
    }
    assertions.others(plan, &own);
    (assertions.text, assertions.claims)
}

/// What a component may read and change of the device's own types.
struct Reach {
    domain: String,
    change: BTreeSet<String>,
    read: BTreeSet<String>,
}

impl Reach {
    /// `channels` are those that the component is an end of, true where it writes.
    fn of(
        plan: &Plan,
        labels: &Labels,
        component: &Component,
        channels: &[(&Channel, bool)],
    ) -> Self {
        let mut reach = Self {
            domain: names::domain_type(&plan.device, &component.name),
            change: BTreeSet::new(),
            read: BTreeSet::new(),
        };
        for file in component.files.iter().filter(|file| is_declared(file)) {
            for label in labels.reached(plan, component, file) {
                reach.add(label.name(), file.access == Access::Write);
            }
        }
        for device in &component.devices {
            if let Some(label) = labels.node_label(&device.source) {
                reach.add(label.name(), device.access == Access::Write);
            }
        }
        for (channel, writes) in channels {
            reach.add(&names::channel_type(&plan.device, &channel.name), *writes);
        }
        if let Some(program) = labels.programs.get(&component.program.path) {
            reach.add(program.label.name(), false);
        }
        reach
    }

    fn add(&mut self, label: &str, change: bool) {
        self.read.insert(label.to_owned());
        if change {
            self.change.insert(label.to_owned());
        }
    }
}

struct Assertions<'t> {
    target: &'t Target,
    /// Of the permissions of a class that claims ask for, those the target has.
    known: HashMap<(&'static str, &'static str), String>,
    prefix: String,
    /// Names of sets, by their expression: each counts as an attribute of the
    /// whole policy, which the compiler expands.
    sets: HashMap<String, String>,
    text: String,
    /// Lines of the text so far: counting them anew for each rule would cost
    /// the square of their number.
    lines: usize,
    claims: Vec<Claim>,
}

impl Assertions<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
        self.lines += 1;
    }

    /// The line that was written last belongs to the claim begun last.
    fn belongs(&mut self) {
        self.lines += 1;
        if let Some(claim) = self.claims.last_mut() {
            claim.last_line = self.lines;
        }
    }

    /// Begins a claim.
    fn claim(&mut self, kind: &str, about: &str, text: &str, origin: &Origin) {
        let id = format!("{kind}({about})");
        let origin = origin.to_string();
        let _ = writeln!(self.text, "\n;; {id}: {text} [{origin}]");
        self.lines += 2;
        let line = self.lines;
        self.claims.push(Claim {
            id,
            text: text.to_owned(),
            origin,
            first_line: line,
            last_line: line,
        });
    }

    /// A set of types under a name: `neverallow` takes no expression.
    fn set(&mut self, expression: &str) -> String {
        if let Some(name) = self.sets.get(expression) {
            return name.clone();
        }
        let name = format!("{}_{}", self.prefix, self.sets.len() + 1);
        let _ = writeln!(self.text, "(typeattribute {name})");
        let _ = writeln!(self.text, "(typeattributeset {name} {expression})");
        self.lines += 2;
        self.sets.insert(expression.to_owned(), name.clone());
        name
    }

    /// A rule of the claim begun last. A class the target does not have cannot
    /// be used against the claim, and is left out.
    fn never(
        &mut self,
        source: &str,
        target: &str,
        class: &'static str,
        permissions: &'static str,
    ) {
        let known = self.known.entry((class, permissions)).or_insert_with(|| {
            let known = self.target.classes.get(class);
            let has = |permission: &&str| {
                known.is_some_and(|known| *permission == "all" || known.contains(*permission))
            };
            let permissions: Vec<&str> = permissions.split_whitespace().filter(has).collect();
            permissions.join(" ")
        });
        if !known.is_empty() {
            let _ = writeln!(
                self.text,
                "(neverallow {source} {target} ({class} ({known})))"
            );
            self.belongs();
        }
    }

    /// A rule about what the target has.
    fn never_known(&mut self, source: &str, target: &str, class: &str, permissions: &str) {
        let _ = writeln!(
            self.text,
            "(neverallow {source} {target} ({class} ({permissions})))"
        );
        self.belongs();
    }

    /// A rule on memory: class `file`, and `memfd_file` where there is one.
    fn never_memory(&mut self, source: &str, target: &str, permissions: &'static str) {
        self.never(source, target, "file", permissions);
        self.never(source, target, "memfd_file", permissions);
    }

    fn channel(&mut self, plan: &Plan, channel: &Channel) {
        let name = &channel.name;
        let label = names::channel_type(&plan.device, name);
        let origin = Origin::Manifest { line: channel.line };
        let writer = names::domain_type(&plan.device, &channel.from.value);
        let everyone: Vec<String> = ends(channel)
            .map(|(end, _)| names::domain_type(&plan.device, &end.value))
            .collect();

        let text = format!(
            "nobody but the supervisor and {} can change the channel's memory, no unconfined domain either",
            channel.from.value
        );
        self.claim("CH-1", name, &text, &origin);
        let others = self.set(&format!("(not ({SUPERVISOR} {writer}))"));
        self.never_memory(&others, &label, CHANGE_FILE);

        let text = "nobody but the supervisor and the channel's ends can open, read or map it";
        self.claim("CH-2", name, text, &origin);
        let others = self.set(&format!("(not ({SUPERVISOR} {}))", everyone.join(" ")));
        self.never_memory(&others, &label, "execute ioctl lock map open read");

        let text = "its ends can use it as they got it: not open it again, resize it by name, label or remove it";
        self.claim("CH-3", name, text, &origin);
        for end in everyone {
            self.never_memory(&end, &label, REOPEN_FILE);
        }

        self.claim(
            "CH-4",
            name,
            "nobody can execute it, the supervisor neither",
            &origin,
        );
        let all = self.set("(all)");
        self.never_memory(&all, &label, "entrypoint execmod execute execute_no_trans");
    }

    fn component(&mut self, labels: &Labels, own: &str, component: &Component, reach: &Reach) {
        let name = &component.name;
        let domain = &reach.domain;
        let origin = Origin::Manifest {
            line: component.line,
        };
        let entry = Origin::Manifest {
            line: component.program.line,
        };

        let text =
            "it acts on no process but its own: no signal, no ptrace, no scheduling, no transition";
        self.claim("CO-1", name, text, &origin);
        let others = self.set(&format!("(and domain (not ({domain})))"));
        let act = "dyntransition getcap getpgid getsched getsession noatsecure ptrace rlimitinh setcap setpgid \
             setrlimit setsched share siginh sigkill signal signull sigstop transition";
        self.never(domain, &others, "process", act);

        let text = "it uses descriptors of nobody but itself and the supervisor";
        self.claim("CO-2", name, text, &origin);
        let others = self.set(&format!("(and domain (not ({domain} {SUPERVISOR})))"));
        self.never(domain, &others, "fd", "use");

        let text =
            "it changes no file or directory, of the system or of the device, but the granted ones";
        self.claim("CO-3", name, text, &origin);
        let base = format!("(or file_type ({own} {} {}))", names::ROOT, names::MEMFD);
        let unchanged = self.set(&minus(&base, &reach.change));
        self.never(domain, &unchanged, "file", CHANGE_FILE);
        self.never(domain, &unchanged, "dir", CHANGE_DIRECTORY);
        for class in ["lnk_file", "fifo_file"] {
            self.never(domain, &unchanged, class, CHANGE_OTHER);
        }

        let text = "it reads and opens nothing of the device's own but what is granted";
        self.claim("CO-4", name, text, &origin);
        let unread = self.set(&minus(&format!("({own} {})", names::MEMFD), &reach.read));
        self.never(domain, &unread, "file", "execute ioctl map open read");
        self.never(domain, &unread, "dir", "open read search");

        let text = if self.target.denies() {
            "it uses no device node but the granted ones, and null"
        } else {
            "it uses no device node but the granted ones, and null, zero, random numbers and its own terminal, \
             which the base policy gives every domain"
        };
        self.claim("DV-2", name, text, &origin);
        let null = self.target.node("/dev/null").unwrap_or("null_device_t");
        let ambient = AMBIENT_NODES
            .iter()
            .filter(|label| self.target.types.contains(**label))
            .filter(|label| !self.target.denies() || **label == null);
        let granted = reach.read.iter().cloned();
        let granted = granted
            .chain(ambient.map(|label| (*label).to_owned()))
            .collect();
        let nodes = self.set(&minus("device_node", &granted));
        self.never(domain, &nodes, "chr_file", USE_NODE);
        self.never(domain, &nodes, "blk_file", USE_NODE);

        let text = "it makes no code: no memory both writable and executable, no file that it could write and then execute";
        self.claim("CO-5", name, text, &entry);
        self.never(domain, "self", "process", "execheap execmem execstack");
        // The base policy lets every domain relocate text in textrel_shlib_t;
        // where that cannot be taken away, the claim names the hole.
        let relocatable = if self.target.denies() {
            "file_type".to_owned()
        } else {
            self.set("(and file_type (not (textrel_shlib_t)))")
        };
        self.never(domain, &relocatable, "file", "execmod");
        for label in &reach.change {
            self.never(
                domain,
                label,
                "file",
                "entrypoint execmod execute execute_no_trans",
            );
        }

        let text = "it runs no other program, and takes no other label for anything it makes";
        self.claim("CO-6", name, text, &entry);
        let every = self.set("(all)");
        self.never(domain, &every, "file", "execute_no_trans");
        self.never(
            domain,
            "self",
            "process",
            "dyntransition setcurrent setexec setfscreate setkeycreate setsockcreate",
        );

        let text = "its domain is entered by the supervisor alone, through its program alone";
        self.claim("CO-7", name, text, &entry);
        let strangers = self.set(&format!("(not ({SUPERVISOR}))"));
        self.never(&strangers, domain, "process", "dyntransition transition");
        self.never(SUPERVISOR, domain, "process", "dyntransition");
        if let Some(program) = labels.programs.get(&component.program.path) {
            let not_entry = self.set(&format!("(not ({}))", program.label.name()));
            self.never(domain, &not_entry, "file", "entrypoint");
        }

        self.claim("CO-8", name, "it has no capability whatsoever", &origin);
        for class in ["capability", "capability2", "cap_userns", "cap2_userns"] {
            self.never(domain, "self", class, "all");
        }

        let text = "it mounts nothing, makes no user namespace, and does not reach bpf, perf, io_uring, userfaultfd, \
             kernel modules or the policy";
        self.claim("CO-9", name, text, &origin);
        let every = self.set("(all)");
        for (class, permissions) in [
            ("filesystem", "mount relabelfrom relabelto remount unmount"),
            ("file", "mounton"),
            ("dir", "mounton"),
            ("user_namespace", "create"),
            ("bpf", "all"),
            ("perf_event", "all"),
            ("io_uring", "all"),
            ("anon_inode", "all"),
            (
                "security",
                "load_policy setbool setcheckreqprot setenforce setsecparam",
            ),
            ("system", "module_load module_request reload syslog_mod"),
        ] {
            self.never(domain, &every, class, permissions);
        }
    }

    fn network(&mut self, labels: &Labels, component: &Component, reach: &Reach) {
        let name = &component.name;
        let domain = &reach.domain;
        let origin = Origin::Manifest {
            line: component.line,
        };
        let (bind, connect): (&[_], &[_]) = match &component.network {
            Network::None => (&[], &[]),
            Network::Host { bind, connect } => (bind, connect),
        };
        let own_sockets = !bind.is_empty() || !connect.is_empty();
        let datagrams = component.notify.value || component.watchdog.is_some();

        let text = match (own_sockets, datagrams) {
            (true, true) => "TCP ones, the datagram socket of its notifications",
            (true, false) => "TCP ones",
            (false, true) => "the datagram socket of its notifications",
            (false, false) => "none of its own",
        };
        // Refpolicy gives every domain Unix stream sockets, to ask the label
        // translation daemon; where they cannot be taken away, seccomp refuses them.
        let ambient = if self.target.denies() {
            ""
        } else {
            ", and the Unix stream sockets that the base policy gives every domain"
        };
        let text = format!("it makes no socket but {text}{ambient}");
        self.claim("NET-1", name, &text, &origin);
        let every = self.set("(all)");
        for (class, permissions) in &self.target.classes {
            let granted = (class == "unix_stream_socket" && !self.target.denies())
                || (class == "tcp_socket" && own_sockets)
                || (class == "unix_dgram_socket" && datagrams);
            if class.ends_with("socket") && permissions.contains("create") && !granted {
                self.never_known(domain, &every, class, "create");
            }
        }

        let labels_of = |ports: &[cordon_manifest::plan::Granted<u16>]| -> BTreeSet<String> {
            let label = |port: &u16| {
                labels
                    .ports
                    .get(port)
                    .map(|(label, _)| label.name().to_owned())
            };
            ports.iter().filter_map(|port| label(&port.value)).collect()
        };
        let text = "it binds the ports granted for binding and no other outside the ephemeral range, which the kernel \
             does not check";
        self.claim("NET-2", name, text, &origin);
        let ports = self.set(&minus("port_type", &labels_of(bind)));
        for class in ["tcp_socket", "udp_socket", "sctp_socket", "dccp_socket"] {
            self.never(domain, &ports, class, "name_bind");
        }

        self.claim(
            "NET-3",
            name,
            "it connects to the ports granted for connecting and no other",
            &origin,
        );
        let ports = self.set(&minus("port_type", &labels_of(connect)));
        for class in ["tcp_socket", "udp_socket", "sctp_socket", "dccp_socket"] {
            self.never(domain, &ports, class, "name_connect");
        }

        let text = "it binds, connects, listens on and relabels no socket that it inherited, and talks to no other \
             component by socket";
        self.claim("NET-4", name, text, &origin);
        let others = self.set(&format!("(not ({domain}))"));
        self.never(
            domain,
            &others,
            "tcp_socket",
            "bind connect create listen relabelfrom relabelto setattr",
        );
        let components = self.set(&format!("(and {WORKER} (not ({domain})))"));
        self.never(
            domain,
            &components,
            "unix_stream_socket",
            "connectto read write",
        );
        self.never(
            domain,
            &components,
            "unix_dgram_socket",
            "read sendto write",
        );
        self.never(
            domain,
            SUPERVISOR,
            "unix_stream_socket",
            "bind connect connectto create listen relabelfrom relabelto",
        );
    }

    fn unasked(&mut self, component: &Component, domain: &str, denied: &Denied, index: usize) {
        let mut denied = denied.to(index).peekable();
        if denied.peek().is_none() {
            return;
        }
        let text =
            "it has nothing of what the base policy gives to every domain but what it asked for";
        let origin = Origin::Manifest {
            line: component.line,
        };
        self.claim("BP-1", &component.name, text, &origin);
        for rule in denied {
            let (target, class) = (&rule.target, &rule.class);
            if rule.may_lack {
                self.line(&format!("(optional {domain}_{target}_{class}_claimed"));
            }
            self.never_known(domain, target, class, &rule.permissions);
            if rule.may_lack {
                self.line(")");
            }
        }
    }

    fn node(
        &mut self,
        source: &str,
        label: &str,
        users: &BTreeSet<String>,
        origin: &Origin,
        block: bool,
    ) {
        let shown = crate::cil::comment(source);
        self.claim(
            "DV-1",
            &shown,
            "no component of any device uses it but those it is granted to",
            origin,
        );
        let others = self.set(&minus(WORKER, users));
        let class = if block { "blk_file" } else { "chr_file" };
        self.never(&others, label, class, USE_NODE);
    }
}

/// A set without some of its types.
fn minus(set: &str, without: &BTreeSet<String>) -> String {
    let without: Vec<&str> = without.iter().map(String::as_str).collect();
    if without.is_empty() && !set.starts_with('(') {
        return format!("({set})");
    }
    if without.is_empty() {
        return set.to_owned();
    }
    format!("(and {set} (not ({})))", without.join(" "))
}
