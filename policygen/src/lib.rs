//! From a Plan to a SELinux module, and what can be proved of it.
//!
//! [`generate`] is a pure function: the same Plan and the same target profile
//! give the same bytes. The module is CIL with flat names, compiled on top of
//! the target's base policy and the hand-written [`base_module`]. Every rule
//! group in it begins with one sentence and the manifest line, role default or
//! fact it came from.
//!
//! # What is granted, and why
//!
//! | Asked for by | Granted to the component's domain | Why |
//! |---|---|---|
//! | the component | `cordon_supervisor_t:fd use` | the kernel replaces descriptors it may not use by its null device |
//! | | null device, `write` on the supervisor's pipe and stream, `ioctl` TCGETS on both | standard streams; a C library asks whether they are terminals |
//! | | `search` and `read` on `cordon_root_t` directories | to walk its own root, which the supervisor makes |
//! | `exec` | `entrypoint` on its program's type; `transition`, `nnp_transition`, `nosuid_transition` to the supervisor | the one way in, under no_new_privs and from a nosuid mount |
//! | | `fork`, signals, `getsched` and pipes on itself | threads need `fork`; seccomp tells them from processes |
//! | a dynamic program | the loader's, its cache's and the libraries' types | by type, so that a library upgrade changes no policy |
//! | `files` read | `open read map getattr`, directories and links below | |
//! | `files` write | the same with `write append lock`; in directories creating, renaming and removing | never `execute` |
//! | `files` execute | `execute` for mapping, never `execute_no_trans` | it is exec'd once, by the supervisor |
//! | `pass` | the same without `open`, which the supervisor has | a descriptor is all it gets |
//! | `devices` | the same on a type of the node's own; `ioctl` only by number | the base policy's types of nodes are shared by kind |
//! | `listen` | `accept read write getattr getopt setopt shutdown` on the supervisor's TCP sockets | an accepted socket inherits the label of the listening one |
//! | `network.bind` | TCP sockets of its own; `bind listen accept`, `name_bind` on the port's type | |
//! | `network.connect` | TCP sockets of its own; `connect`, `name_connect` on the port's type | |
//! | `notify`, `watchdog` | a Unix datagram socket, `sendto` the supervisor's | sd_notify(3) |
//! | `proc` | its own entries of /proc | |
//! | `realtime` | `setsched` on itself | |
//! | `fork` | process groups and sessions on itself | |
//! | `channels` from | `getattr map read write` on the channel's type | not `open`: the descriptor is handed over |
//! | `channels` to | `getattr map read` | |
//! | a channel's end | `read write` on the supervisor's Unix stream socket | the control socket; SOCK_SEQPACKET is of that class |
//!
//! Not granted although one may look for them: `netif`, `node`, `peer` and
//! `packet`, which the kernel asks for only where labelled networking or
//! SECMARK is configured.
//!
//! # What carries a type of its own
//!
//! Programs, declared paths, device nodes and ports, with a file context or a
//! `portcon`. Three things keep the base policy's label, because a new one
//! would take them away from the rest of the system: paths that the target
//! profile lists as shared (fonts, time zones, the interpreter of a script),
//! nodes that every program uses (/dev/null), and ports the base policy
//! already names. A shared path is never granted for writing.
//!
//! What is to be created where it is missing needs its parent's type: that of a
//! directory of the device's, or one that the parent gets; in a directory of the
//! whole system (/var/lib) nothing is created.
//!
//! What the system keeps apart (passwords, keys, the policy) and what has any of
//! it below is refused, by the target's facts and by a list in `manifest/`.
//!
//! No two things share a name, of one device or of two: [`names`] says why.
//!
//! # What the base policy gives
//!
//! A domain joins the attribute `domain` and so has what the base policy gives
//! to every domain ([`Target::ambient`]). Where the target's libsepol has
//! `deny` rules, the module takes away what the component did not ask for, and
//! the claims say so; elsewhere `cordon policy explain` lists it.
//!
//! # What is not claimed
//!
//! Administrators' and the package manager's domains reach
//! the device's files (which they must install and label), though not its
//! channels. A port in the ephemeral range is bound without a check.
#![forbid(unsafe_code)]

mod ambient;
mod base;
mod base_module;
mod channels;
mod cil;
mod claims;
pub mod compile;
mod component;
mod creation;
mod deny;
mod diff;
mod error;
mod explain;
mod files;
mod fingerprint;
mod granted;
mod kept;
mod labels;
mod matters;
pub mod names;
mod network;
pub mod pattern;
mod scan;
pub mod store;
mod target;
mod trusted;
mod writer;

pub use ambient::Ambient;
pub use base::{Base, BinaryError};
pub use claims::Claim;
pub use diff::{Change, Difference, Direction};
pub use error::Error;
pub use explain::{Beyond, Explanation, Fate, Rule, explain};
pub use fingerprint::{Digest, base_fingerprint, base_module};
pub use scan::{Described, NODES, SHARED, exact, patterns, scan};
pub use target::{ProfileError, Target};
pub use trusted::{Act, Trusted};

use cordon_manifest::plan::Plan;
use creation::Creations;
use labels::Labels;
use std::collections::{BTreeMap, BTreeSet};
pub use writer::Group;
use writer::Writer;

/// The hand-written text of the module that every generated one links against.
/// One module, kept in files of one noun each. What is installed is
/// [`base_module`], which says besides which text it is.
pub const BASE_TEXT: &str = concat!(
    include_str!("../../selinux/program.cil"),
    include_str!("../../selinux/supervisor.cil"),
    include_str!("../../selinux/runtime.cil"),
    include_str!("../../selinux/compartment.cil"),
    include_str!("../../selinux/channel.cil"),
    include_str!("../../selinux/policy.cil"),
);

/// What is claimed of the base module, for the compiler alone: not shipped.
pub const BASE_ASSERTIONS: &str = include_str!("../../selinux/assertions.cil");

/// The claims of [`BASE_ASSERTIONS`], with the lines their rules stand in.
#[must_use]
pub fn base_claims() -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    for (index, line) in BASE_ASSERTIONS.lines().enumerate() {
        let named = line
            .strip_prefix(";; ")
            .and_then(|text| text.split_once("): "));
        if let Some((id, text)) = named {
            claims.push(Claim {
                id: format!("{id})"),
                text: text.to_owned(),
                origin: "the base module".to_owned(),
                first_line: index + 1,
                last_line: index + 1,
            });
        } else if line.starts_with('(')
            && let Some(claim) = claims.last_mut()
        {
            claim.last_line = index + 1;
        }
    }
    claims
}

/// What is generated for one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The module, as CIL.
    pub module: String,
    /// The claims as `neverallow` rules, for the compiler alone: not shipped.
    pub assertions: String,
    /// The module's file contexts, as lines of a `file_contexts` file.
    pub contexts: String,
    /// What the assertions claim.
    pub claims: Vec<Claim>,
    /// The type each path of the device must carry, programs and nodes
    /// included: the module's own, or the base policy's of a shared path.
    pub labels: BTreeMap<String, String>,
    /// The module's rule groups, in order.
    pub groups: Vec<Group>,
    /// SHA-256 over the base module's text, the module and the target's name, as
    /// 64 hexadecimal digits. The module declares a type that carries it
    /// ([`names::fingerprint_type`]): a policy in which that type's context is
    /// valid has the module generated here. Which base module stands beside it
    /// there the base module's own type says ([`names::base_fingerprint_type`]);
    /// of every other module in that policy neither says anything.
    pub fingerprint: String,
}

/// Generates the policy of a Plan for a target, or says everything that is in
/// the way of it.
pub fn generate(plan: &Plan, target: &Target) -> Result<Policy, Vec<Error>> {
    let mut errors = bad_names(plan);
    if !errors.is_empty() {
        return Err(errors);
    }
    let labels = Labels::of(plan, target, &mut errors);
    let creations = Creations::of(plan, &labels, target, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut writer = Writer::new(target);
    writer.statement(&format!(
        ";; The SELinux module of {}, generated from its manifest for {}.\n\
         ;; Each rule group says why it is there and, in brackets, who asked for it.",
        plan.device,
        target.name()
    ));
    files::declare(&mut writer, &labels, &creations);
    network::declare(&mut writer, &labels);
    for component in &plan.components {
        component::write(&mut writer, plan, &labels, component);
    }
    channels::write(&mut writer, plan);

    let denied = deny::write(&mut writer, plan);

    let own: BTreeSet<String> = objects(plan, &writer);
    let (mut module, groups, mut contexts, mut errors) = writer.finish();
    // What a line of the manifest needs, too, is said there.
    let said: BTreeSet<String> = errors.iter().filter_map(Error::missing_name).collect();
    let missing = base_module::Needs::of_base_module().missing(target);
    errors.extend(missing.into_iter().filter(|error| {
        let name = error.missing_name();
        name.is_none_or(|name| !said.contains(&name))
    }));
    if !errors.is_empty() {
        return Err(errors);
    }
    let fingerprint = fingerprint::of(&[BASE_TEXT, &module, target.name()]);
    module.push_str(&fingerprint::declaration(&plan.device, &fingerprint));
    let (assertions, claims) = claims::write(plan, target, &labels, &own, &denied);
    contexts.sort();
    let contexts = contexts
        .iter()
        .map(|context| context.line() + "\n")
        .collect();
    Ok(Policy {
        module,
        assertions,
        contexts,
        claims,
        labels: labels.by_path(),
        groups,
        fingerprint,
    })
}

/// Types of the device's that are no domains.
fn objects(plan: &Plan, writer: &Writer<'_>) -> BTreeSet<String> {
    let domains: BTreeSet<String> = plan
        .components
        .iter()
        .map(|component| names::domain_type(&plan.device, &component.name))
        .collect();
    writer
        .declared()
        .filter(|name| !domains.contains(*name))
        .map(str::to_owned)
        .collect()
}

fn bad_names(plan: &Plan) -> Vec<Error> {
    let device = std::iter::once(("device", &plan.device));
    let components = plan.components.iter().map(|c| ("component", &c.name));
    let channels = plan.channels.iter().map(|c| ("channel", &c.name));
    let sockets = plan
        .components
        .iter()
        .flat_map(|c| c.listen.iter().map(|l| ("listen", &l.name)));
    device
        .chain(components)
        .chain(channels)
        .chain(sockets)
        .filter(|(_, name)| !names::is_name(name))
        .map(|(what, name)| Error::Name {
            what,
            name: name.clone(),
        })
        .collect()
}
