//! Labels of what a component is made of, before it is started: a wrong one is
//! said with its file, where the kernel would only say EACCES, and later.

use super::{Wanted, kernel};
use crate::sys::xattr;
use cordon_manifest::Manifest;
use cordon_manifest::plan::{Access, Component, DeviceGrant, FileGrant, Origin, Purpose};
use cordon_policygen::names;
use std::fmt;
use std::fs::File;
use std::io::ErrorKind;

/// A file with a label under which the component cannot be what the manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mislabelled {
    /// The file.
    pub path: String,
    /// Its type; none where it has no label.
    pub found: Option<String>,
    /// What it must be.
    pub expected: Expected,
    /// Line of the manifest that needs it.
    pub line: Option<u32>,
}

/// What a label must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// This type.
    Type(String),
    /// Any that gives the domain these permissions.
    Gives {
        /// The component's domain.
        domain: String,
        /// What it does not get.
        refused: Vec<&'static str>,
    },
}

impl fmt::Display for Mislabelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.path)?;
        match &self.found {
            Some(found) => write!(f, "is labelled {found}")?,
            None => write!(f, "has no label")?,
        }
        match &self.expected {
            Expected::Type(expected) => write!(f, ", the policy gives it {expected}")?,
            Expected::Gives { domain, refused } => write!(
                f,
                ", which the policy lets {domain} not {}",
                refused.join(", ")
            )?,
        }
        match self.line {
            Some(line) => write!(f, " [manifest line {line}]"),
            None => Ok(()),
        }
    }
}

/// A label, as far as it could be read.
enum Read {
    /// The type.
    Type(String, String),
    /// There is a file, and no label.
    Nothing,
    /// There is no file, or nobody may look: who opens it says so.
    Unreadable,
}

/// Every file of the component whose label is not the policy's.
#[must_use]
pub fn mislabelled(wanted: &Wanted, component: &Component) -> Vec<Mislabelled> {
    let mut found = Vec::new();
    for file in component.files.iter().filter(|file| file.size.is_none()) {
        let line = line_of(component, file);
        match wanted.label(&file.source) {
            Some(expected) => found.extend(differs(&file.source, expected, line)),
            None => found.extend(refused(wanted, component, file, line)),
        }
    }
    for DeviceGrant { source, origin, .. } in &component.devices {
        if let Some(expected) = wanted.label(source) {
            found.extend(differs(source, expected, manifest(origin)));
        }
    }
    for (source, expected) in named(wanted, component) {
        let line = Some(component.program.line);
        found.extend(differs(&source, expected, line));
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found.dedup();
    found
}

/// Programs of a manifest that may not even be looked at, where a wrong label
/// is the reason: root is refused by nothing else. There is no plan yet then.
#[must_use]
pub fn unreadable(manifest: &Manifest) -> Vec<Mislabelled> {
    let programs = manifest.components.iter().filter_map(|component| {
        let program = component.exec.first()?;
        let refused = File::open(&program.value).err()?;
        if refused.kind() != ErrorKind::PermissionDenied {
            return None;
        }
        let expected = names::exec_type(&manifest.device.value, &component.name.value);
        differs(&program.value, &expected, Some(program.at.line))
    });
    programs.collect()
}

/// Files named on the command line that lie below a granted path of the
/// device's own: a key moved in from elsewhere keeps the label of elsewhere.
fn named<'a>(wanted: &'a Wanted, component: &Component) -> Vec<(String, &'a str)> {
    let mut found = Vec::new();
    for word in &component.program.argv {
        let grants = component.files.iter().filter(|file| {
            file.purpose == Purpose::Declared && file.size.is_none() && file.pass.is_none()
        });
        let below = grants.filter_map(|file| Some((file, below(word, &file.path)?)));
        let Some((file, rest)) = below.max_by_key(|(file, _)| file.path.len()) else {
            continue;
        };
        if let Some(label) = wanted.label(&file.source)
            && wanted.is_own(label)
        {
            found.push((format!("{}/{rest}", file.source), label));
        }
    }
    found
}

/// What of `path` follows `directory`; none where it leads elsewhere.
fn below<'a>(path: &'a str, directory: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(directory)?.strip_prefix('/')?;
    let plain = |part: &str| !matches!(part, "" | "." | "..");
    rest.split('/').all(plain).then_some(rest)
}

fn line_of(component: &Component, file: &FileGrant) -> Option<u32> {
    match file.purpose {
        Purpose::Declared => manifest(&file.origin),
        // The program asked for them.
        _ => Some(component.program.line),
    }
}

const fn manifest(origin: &Origin) -> Option<u32> {
    match origin {
        Origin::Manifest { line } => Some(*line),
        _ => None,
    }
}

fn differs(path: &str, expected: &str, line: Option<u32>) -> Option<Mislabelled> {
    let found = match read(path) {
        Read::Type(found, _) if found == expected => return None,
        Read::Type(found, _) => Some(found),
        Read::Nothing => None,
        Read::Unreadable => return None,
    };
    Some(Mislabelled {
        path: path.to_owned(),
        found,
        expected: Expected::Type(expected.to_owned()),
        line,
    })
}

/// A file that belongs to the whole system (a library, the loader) has no type
/// to be compared with: whether the domain gets what it needs is asked.
fn refused(
    wanted: &Wanted,
    component: &Component,
    file: &FileGrant,
    line: Option<u32>,
) -> Option<Mislabelled> {
    let permissions: &[&'static str] = match (file.purpose, file.access) {
        (Purpose::Program, _) => &["execute", "map", "read"],
        (Purpose::Interpreter | Purpose::Library, Access::Execute) => {
            &["execute", "map", "open", "read"]
        }
        _ => return None,
    };
    let domain = names::domain_type(&wanted.device, &component.name);
    let context = names::domain_context(&wanted.device, &component.name);
    let (found, refused) = match read(&file.source) {
        Read::Type(found, label) => {
            let refused = kernel::refused(&context, &label, "file", permissions);
            (Some(found), refused)
        }
        Read::Nothing => (None, permissions.to_vec()),
        Read::Unreadable => return None,
    };
    (!refused.is_empty()).then(|| Mislabelled {
        path: file.source.clone(),
        found,
        expected: Expected::Gives { domain, refused },
        line,
    })
}

fn read(path: &str) -> Read {
    match xattr::label(path) {
        Ok(Some(context)) => match context.split(':').nth(2) {
            Some(found) => Read::Type(found.to_owned(), context),
            None => Read::Nothing,
        },
        Ok(None) => Read::Nothing,
        Err(_) => Read::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_label_is_said_with_file_labels_and_line() {
        let mislabelled = Mislabelled {
            path: "/usr/lib/monitor/display".to_owned(),
            found: Some("usr_t".to_owned()),
            expected: Expected::Type("cordon_monitor__display__exec_t".to_owned()),
            line: Some(7),
        };
        assert_eq!(
            mislabelled.to_string(),
            "/usr/lib/monitor/display is labelled usr_t, the policy gives it \
             cordon_monitor__display__exec_t [manifest line 7]"
        );
    }

    #[test]
    fn a_word_leads_below_a_directory_only_by_plain_names() {
        assert_eq!(below("/etc/tls/a/key", "/etc/tls"), Some("a/key"));
        for path in [
            "/etc/tls",
            "/etc/tlsx",
            "/etc/tls/../shadow",
            "/etc/tls//x",
            "key",
        ] {
            assert_eq!(below(path, "/etc/tls"), None, "{path}");
        }
    }
}
