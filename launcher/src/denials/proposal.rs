//! The smallest additions to a manifest that would have let a component do what
//! it was refused: each path once, many of one directory as the directory, and
//! nothing that no manifest should grant.

use super::decision::UNGRANTED;
use super::{Decision, Denial, Kind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many entries of one directory are proposed as the directory.
const MANY: usize = 4;

/// An entry of `files` or `devices`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The path.
    pub path: String,
    /// `read`, `write` or `execute`.
    pub access: String,
    /// What to think of before; none where there is nothing.
    pub why: Option<String>,
}

/// A key of the component, or a line that is to be another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// The line that it replaces; none for a new one.
    pub line: Option<u32>,
    /// What is written.
    pub paste: String,
    /// What was tried without it.
    pub tried: String,
    /// Why, and what to think of before.
    pub why: String,
}

/// Something tried that is not proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// What was tried.
    pub tried: String,
    /// Name of the layer.
    pub layer: String,
    /// Why.
    pub why: String,
}

/// What would let a component go on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// New entries of `files`.
    pub files: Vec<Entry>,
    /// New entries of `devices`.
    pub devices: Vec<Entry>,
    /// Other keys.
    pub keys: Vec<Key>,
    /// What no manifest can grant.
    pub never: Vec<Refused>,
    /// What the record does not say enough of.
    pub unclear: Vec<Refused>,
}

impl Proposal {
    /// From what one component was refused. `shared` is whether other components
    /// are granted something of a directory.
    pub fn of(denials: &[Denial], shared: &dyn Fn(&str) -> bool) -> Self {
        let mut proposal = Self::default();
        let mut files = BTreeMap::new();
        let mut devices = BTreeMap::new();
        for denial in denials {
            let decision = &denial.decision;
            match (decision.kind, entry(decision)) {
                (Kind::Missing, Some(("files", entry))) => add(&mut files, entry),
                (Kind::Missing, Some(("devices", entry))) => add(&mut devices, entry),
                (Kind::Line | Kind::Missing, _) => proposal.key(denial),
                (Kind::Never, _) => proposal.never.push(refused(denial)),
                // Looking for what is there and too broad to grant needs no answer.
                (Kind::Unclear, _) if denial.layer != "root" => {
                    proposal.unclear.push(refused(denial));
                }
                _ => {}
            }
        }
        gather(&mut files, shared);
        proposal.files = files.into_values().collect();
        proposal.devices = devices.into_values().collect();
        proposal
    }

    /// Whether there is nothing to add.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.devices.is_empty() && self.keys.is_empty()
    }

    fn key(&mut self, denial: &Denial) {
        let decision = &denial.decision;
        let Some(paste) = &decision.paste else {
            return;
        };
        // One text for one key: what it lacks then is refused again, and said.
        let name = |paste: &str| match paste.strip_prefix("- ") {
            Some(entry) => entry.to_owned(),
            None => paste.split(':').next().unwrap_or_default().to_owned(),
        };
        if self.keys.iter().any(|key| name(&key.paste) == name(paste)) {
            return;
        }
        self.keys.push(Key {
            line: decision.line.filter(|_| decision.kind == Kind::Line),
            paste: paste.clone(),
            tried: denial.tried.clone(),
            why: decision.why.clone(),
        });
    }
}

fn refused(denial: &Denial) -> Refused {
    Refused {
        tried: denial.tried.clone(),
        layer: denial.layer.clone(),
        why: denial.decision.why.clone(),
    }
}

/// `KEY:\n  - {path: PATH, access: ACCESS}` as its key and entry.
fn entry(decision: &Decision) -> Option<(&str, Entry)> {
    let (key, entry) = decision.paste.as_deref()?.split_once(":\n  - {path: ")?;
    let (path, access) = entry.strip_suffix('}')?.split_once(", access: ")?;
    let entry = Entry {
        path: path.to_owned(),
        access: access.to_owned(),
        why: Some(decision.why.clone()).filter(|why| why != UNGRANTED),
    };
    Some((key, entry))
}

/// By path.
type Entries = BTreeMap<String, Entry>;

/// A path that is written is read as well; one that is executed, too.
fn add(entries: &mut Entries, entry: Entry) {
    let Some(known) = entries.get_mut(&entry.path) else {
        entries.insert(entry.path.clone(), entry);
        return;
    };
    if known.access == "read" {
        known.access = entry.access;
    }
    known.why = known.why.take().or(entry.why);
}

/// Many read in one directory become the directory, where a manifest may have it.
/// What there is something to think of before stands for itself.
fn gather(files: &mut Entries, shared: &dyn Fn(&str) -> bool) {
    let is_plain = |entry: &Entry| entry.access == "read" && entry.why.is_none();
    loop {
        let mut by_parent: BTreeMap<String, usize> = BTreeMap::new();
        for path in files
            .values()
            .filter(|one| is_plain(one))
            .map(|one| &one.path)
        {
            if let Some((parent, _)) = path
                .rsplit_once('/')
                .filter(|(parent, _)| may_be_read(parent) && !shared(parent))
            {
                *by_parent.entry(parent.to_owned()).or_default() += 1;
            }
        }
        let many = by_parent.into_iter().find(|(_, count)| *count >= MANY);
        let Some((parent, _)) = many else {
            break;
        };
        let below = format!("{parent}/");
        files.retain(|path, entry| !is_plain(entry) || !path.starts_with(&below));
        let whole = Entry {
            path: parent,
            access: "read".to_owned(),
            why: None,
        };
        add(files, whole);
    }
    // What a proposed directory holds need not be said again.
    let all: Vec<String> = files.keys().cloned().collect();
    files.retain(|path, entry| {
        let inside = |folder: &String| path.starts_with(&format!("{folder}/"));
        !is_plain(entry) || !all.iter().any(inside)
    });
}

fn may_be_read(path: &str) -> bool {
    !path.is_empty()
        && !cordon_manifest::is_broad(path)
        && cordon_manifest::secret(path, true).is_none()
        && cordon_manifest::refusal(path, cordon_manifest::plan::Access::Read).is_none()
}

#[cfg(test)]
mod tests {
    use super::super::By;
    use super::*;

    fn denial(kind: Kind, paste: Option<&str>) -> Denial {
        Denial {
            at_ms: 0,
            event: 0,
            device: "x".into(),
            component: Some("y".into()),
            process: "program".into(),
            attributed_by: By::User,
            pid: None,
            command: None,
            layer: "seccomp".into(),
            tried: format!("{paste:?}"),
            answer: "EPERM".into(),
            decision: Decision {
                kind,
                line: Some(7),
                paste: paste.map(str::to_owned),
                why: UNGRANTED.into(),
            },
            count: 1,
        }
    }

    fn file(path: &str, access: &str) -> Denial {
        let paste = format!("files:\n  - {{path: {path}, access: {access}}}");
        denial(Kind::Missing, Some(&paste))
    }

    fn paths(denials: &[Denial]) -> Vec<String> {
        let proposal = Proposal::of(denials, &|_| false);
        let files = proposal.files.into_iter();
        files
            .map(|entry| format!("{} {}", entry.path, entry.access))
            .collect()
    }

    #[test]
    fn many_of_one_directory_are_the_directory_and_never_a_broad_one() {
        let own = |name| file(&format!("/usr/lib/program/{name}"), "read");
        let etc = |name| file(&format!("/etc/{name}"), "read");
        let mut all = vec![own("a"), own("b"), own("c")];
        assert_eq!(paths(&all).len(), 3);
        all.extend([own("d"), file("/usr/lib/program/d/e", "read")]);
        all.extend([etc("a"), etc("b"), etc("c"), etc("d"), etc("a")]);
        assert_eq!(
            paths(&all),
            [
                "/etc/a read",
                "/etc/b read",
                "/etc/c read",
                "/etc/d read",
                "/usr/lib/program read"
            ]
        );
        let written = file("/usr/lib/program/state", "write");
        all.push(written);
        assert!(paths(&all).contains(&"/usr/lib/program/state write".to_owned()));
        assert_eq!(
            paths(&[file("/a/b", "read"), file("/a/b", "write")]),
            ["/a/b write"]
        );
    }

    #[test]
    fn a_key_is_proposed_once_and_what_is_never_granted_not_at_all() {
        let proposal = Proposal::of(
            &[
                denial(Kind::Missing, Some("fork: true")),
                denial(Kind::Line, Some("network: {connect: [tcp/1]}")),
                denial(Kind::Line, Some("network: {connect: [tcp/2]}")),
                denial(Kind::Never, None),
                denial(Kind::Harmless, None),
                denial(Kind::Unclear, None),
            ],
            &|_| false,
        );
        let keys: Vec<(Option<u32>, &str)> = proposal
            .keys
            .iter()
            .map(|key| (key.line, key.paste.as_str()))
            .collect();
        assert_eq!(
            keys,
            [
                (None, "fork: true"),
                (Some(7), "network: {connect: [tcp/1]}")
            ]
        );
        assert_eq!((proposal.never.len(), proposal.unclear.len()), (1, 1));
        assert!(!proposal.is_empty());
        assert!(Proposal::of(&[denial(Kind::Never, None)], &|_| false).is_empty());
    }

    #[test]
    fn what_another_component_has_keeps_its_warning_and_is_not_widened() {
        let warned = |name: &str| {
            let mut denial = file(&format!("/var/lib/recorder/{name}"), "read");
            denial.decision.why = "it is granted to recorder".into();
            denial
        };
        let all = ["a", "b", "c", "d", "e"].map(warned);
        let files = Proposal::of(&all, &|_| false).files;
        assert_eq!(files.len(), 5);
        for entry in files {
            let why = entry.why.as_deref();
            assert_eq!(why, Some("it is granted to recorder"), "{}", entry.path);
        }
        // Nor is it taken in with what is beside it.
        let own = |name: &str| file(&format!("/var/lib/recorder/{name}"), "read");
        let mut beside = ["f", "g", "h", "i"].map(own).to_vec();
        assert_eq!(paths(&beside), ["/var/lib/recorder read"]);
        let shared = |path: &str| path == "/var/lib/recorder";
        assert_eq!(Proposal::of(&beside, &shared).files.len(), 4);
        beside.push(warned("a"));
        let files = Proposal::of(&beside, &|_| false).files;
        assert!(files.iter().any(|entry| entry.why.is_some()), "{files:?}");
    }
}
