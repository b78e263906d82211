//! Whether a system's file contexts give each path of a device the type that
//! its policy speaks of: a file context of somebody else's, a module's or one of
//! semanage(8), that names a path exactly wins over the device's without a word.

use super::Generated;
use super::store::Store;
use crate::cli::{Exit, Failure};
use cordon_manifest::plan::{Origin, PathKind, Plan};
use cordon_policygen::pattern::Pattern;
use cordon_policygen::{names, patterns};
use selinux::FileAccessMode;
use selinux::label::{Labeler, back_end};
use std::collections::BTreeMap;
use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// SELABEL_OPT_PATH of selinux/label.h: the file contexts to look into.
const FILE: i32 = 3;

/// Refuses, with every path and its line of the manifest, where they differ.
pub fn agree(store: &Store<'_>, generated: &Generated) -> Result<(), Failure> {
    let contexts = store.file_contexts();
    let paths = paths(&generated.resolved.plan);
    let labels = &generated.policy.labels;
    let mut wrong = looked_up(&contexts, &paths, labels)?;
    let prefix = names::prefix(generated.device());
    let own = Own {
        paths: &paths,
        labels,
        prefix: &prefix,
    };
    for beside in ["", ".homedirs", ".local", ".subs", ".subs_dist"] {
        let mut name = contexts.clone().into_os_string();
        name.push(beside);
        let text = match std::fs::read(&name) {
            Ok(text) => String::from_utf8_lossy(&text).into_owned(),
            Err(error) if !beside.is_empty() && error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(unreadable(Path::new(&name), &error.to_string())),
        };
        wrong.extend(match beside {
            ".subs" | ".subs_dist" => own.substituted(&text),
            ".local" => own.below(&text, true),
            _ => own.below(&text, false),
        });
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::new(Exit::PolicyRejected, wrong.join("\n  ")).help(
        "a path has one label: grant another one, or remove the other file context \
         (semanage fcontext -l -C lists those of this system alone)",
    ))
}

/// What may stand at a path of a device (a file type of stat(2)), and who asked for it.
type Paths<'p> = BTreeMap<&'p str, (libc::mode_t, String)>;

/// Every path of a plan that may have a type of its own.
fn paths(plan: &Plan) -> Paths<'_> {
    let mut paths = Paths::new();
    for component in &plan.components {
        for file in component.files.iter().filter(|file| file.size.is_none()) {
            let kind = match file.kind {
                PathKind::File => libc::S_IFREG,
                PathKind::Absent if file.pass.is_some() => libc::S_IFREG,
                PathKind::Directory | PathKind::Absent => libc::S_IFDIR,
            };
            let origin = file.origin.to_string();
            paths.entry(&file.source).or_insert((kind, origin));
        }
        for device in &component.devices {
            let kind = match device.node {
                Some(node) if node.block => libc::S_IFBLK,
                _ => libc::S_IFCHR,
            };
            let origin = device.origin.to_string();
            paths.entry(&device.source).or_insert((kind, origin));
        }
        let program = &component.program;
        let origin = Origin::Manifest { line: program.line }.to_string();
        paths.insert(&program.path, (libc::S_IFREG, origin));
    }
    paths
}

/// The paths that libselinux would give another type.
fn looked_up(
    contexts: &Path,
    paths: &Paths<'_>,
    labels: &BTreeMap<String, String>,
) -> Result<Vec<String>, Failure> {
    let name = CString::new(contexts.as_os_str().as_bytes())
        .map_err(|error| unreadable(contexts, &error.to_string()))?;
    let labeler = Labeler::<back_end::File>::new(&[(FILE, name.as_ptr().cast())], true)
        .map_err(|error| unreadable(contexts, &error.to_string()))?;
    let mut wrong = Vec::new();
    for (path, expected) in labels {
        let Some((kind, origin)) = paths.get(path.as_str()) else {
            continue;
        };
        // No label is an error, too: it would keep whatever it has.
        let context = labeler.look_up_by_path(path, FileAccessMode::new(*kind));
        let context = context.ok().and_then(|context| {
            let text = context.to_c_string().ok()??;
            Some(text.to_string_lossy().into_owned())
        });
        let found = context
            .as_deref()
            .and_then(|context| context.split(':').nth(2));
        if found != Some(expected) {
            let found = found.unwrap_or("nothing");
            wrong.push(format!(
                "{origin}: the system's file contexts label {path} {found}, and the policy speaks of {expected}"
            ));
        }
    }
    Ok(wrong)
}

/// The paths of a device that have types of its own.
struct Own<'o> {
    paths: &'o Paths<'o>,
    labels: &'o BTreeMap<String, String>,
    /// What the names of its types begin with.
    prefix: &'o str,
}

impl Own<'_> {
    /// Them, with the file type and who asked for it.
    fn each(&self) -> impl DoubleEndedIterator<Item = (&str, libc::mode_t, &str)> {
        let own = self.paths.iter().filter(|(path, _)| {
            let label = self.labels.get(**path);
            label.is_some_and(|label| label.starts_with(self.prefix))
        });
        own.map(|(path, (kind, origin))| (*path, *kind, origin.as_str()))
    }

    /// What a text of file contexts says of paths below the device's directories,
    /// in words. Of the policy's expressions, what begins with the whole of a
    /// directory's name says more of it than the directory's own expression, and
    /// so wins; of the administrator's (`wins`), which stand last, any one may.
    fn below(&self, text: &str, wins: bool) -> Vec<String> {
        let mut wrong = Vec::new();
        for (expression, label) in patterns(text) {
            if label.starts_with(self.prefix) {
                continue;
            }
            let pattern = Pattern::new(&expression);
            let says_more = |path: &str| wins || stem(&expression) >= path.len();
            let mut above = self.each().filter(|(path, kind, _)| {
                *kind == libc::S_IFDIR && says_more(path) && pattern.matches_below(path)
            });
            if let Some((path, _, origin)) = above.next_back() {
                wrong.push(format!(
                    "{origin}: {path} cannot be labelled as a whole: the system's file contexts label {expression} {label}"
                ));
            }
        }
        wrong
    }

    /// What a text of substitutions (file_contexts.subs(5)) takes away from the
    /// device's paths, in words: whatever is at or below its source has the label
    /// of another place.
    fn substituted(&self, text: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        for line in text.lines() {
            let mut words = line.split_whitespace();
            let (Some(source), Some(place)) = (words.next(), words.next()) else {
                continue;
            };
            let source = Path::new(source);
            let mut at = self.each().filter(|(path, ..)| source.starts_with(path));
            if let Some((path, _, origin)) = at.next_back() {
                let source = source.display();
                wrong.push(format!(
                    "{origin}: {path} cannot be labelled as a whole: the system's file contexts take {source} for {place}"
                ));
            }
        }
        wrong
    }
}

/// How long an expression is before the first sign that stands for another one:
/// what libsemanage sorts expressions by.
fn stem(expression: &str) -> usize {
    let mut escaped = false;
    let special = |character: char| {
        let is = !escaped && ".^$?*+|[({".contains(character);
        escaped = !escaped && character == '\\';
        is
    };
    expression.find(special).unwrap_or(expression.len())
}

fn unreadable(contexts: &Path, why: &str) -> Failure {
    Failure::new(
        Exit::PolicyStore,
        format!("file contexts: {}: {why}", contexts.display()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_below_a_directory_of_the_device_is_said_with_its_line() {
        let line = |number| Origin::Manifest { line: number }.to_string();
        let paths = Paths::from([
            ("/opt/pump", (libc::S_IFDIR, line(7))),
            ("/opt/pump/file", (libc::S_IFREG, line(8))),
            ("/usr/share/fonts", (libc::S_IFDIR, line(9))),
        ]);
        let labels = [
            ("/opt/pump", "cordon_pump__opt_pump__file_t"),
            ("/opt/pump/file", "cordon_pump__opt_pump_file__file_t"),
            ("/usr/share/fonts", "fonts_t"),
        ];
        let labels = labels.map(|(path, label)| (path.to_owned(), label.to_owned()));
        let labels = BTreeMap::from(labels);
        let text = "/.*\tsystem_u:object_r:default_t:s0\n\
                    /opt/.*\tsystem_u:object_r:usr_t:s0\n\
                    /opt/pump(/(.*))?\tsystem_u:object_r:cordon_pump__opt_pump__file_t:s0\n\
                    /opt/pump/file\t--\tsystem_u:object_r:cordon_pump__opt_pump_file__file_t:s0\n\
                    /opt/pumps/a\tsystem_u:object_r:usr_t:s0\n\
                    /opt/pump/lost\\+found/.*\t<<none>>\n\
                    /opt/pump/keys/[^/]+\\.key\t--\tsystem_u:object_r:cert_t:s0\n\
                    /usr/share/fonts/x\tsystem_u:object_r:lib_t:s0\n";
        let own = Own {
            paths: &paths,
            labels: &labels,
            prefix: "cordon_pump__",
        };
        assert_eq!(
            own.below(text, false),
            [
                "line 7: /opt/pump cannot be labelled as a whole: the system's file contexts label \
              /opt/pump/keys/[^/]+\\.key cert_t"
            ]
        );

        assert_eq!(["/opt/.*", "/opt\\.d(/.*)?", "/opt?"].map(stem), [5, 7, 4]);
        // What is the same to the letter up to the directory's end may say more.
        for expression in ["/opt/pump(/keys)+", "/opt/pump?/keys"] {
            let line = format!("{expression}\tsystem_u:object_r:cert_t:s0\n");
            assert_eq!(own.below(&line, false).len(), 1, "{expression}");
        }
        // The administrator's win whatever they begin with.
        for (expression, wins) in [
            ("/opt/(pump|x)/keys(/.*)?", true),
            ("/(opt|srv)/pump/keys", true),
            ("(/opt|/srv)/pump/keys", true),
            ("/opt/pu[m]p/keys\\d", true),
            ("/opt/(pumps|x)/keys(/.*)?", false),
            ("/opt/(pump|x)", false),
            ("/usr/share/(fonts|x)/y", false),
        ] {
            let line = format!("{expression}\tsystem_u:object_r:cert_t:s0\n");
            assert_eq!(
                own.below(&line, true).len(),
                usize::from(wins),
                "{expression}"
            );
            assert_eq!(own.below(&line, false).len(), 0, "{expression}");
        }

        for (line, taken) in [
            ("/opt/pump /srv/x", true),
            ("  /opt/pump/keys/ /srv/x", true),
            ("/opt/pump/file /srv/x", true),
            ("/opt/pumps /srv/x", false),
            ("/opt /srv/x", false),
            ("/usr/share/fonts /srv/x", false),
            ("# /opt/pump /srv/x", false),
            ("/opt/pump", false),
        ] {
            assert_eq!(own.substituted(line).len(), usize::from(taken), "{line}");
        }
    }
}
