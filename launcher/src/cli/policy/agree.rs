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
    for beside in ["", ".homedirs", ".local"] {
        let mut name = contexts.clone().into_os_string();
        name.push(beside);
        match std::fs::read_to_string(&name) {
            Ok(text) => wrong.extend(below(&text, &paths, labels, &prefix)),
            Err(_) if !beside.is_empty() => {}
            Err(error) => return Err(unreadable(&contexts, &error.to_string())),
        }
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

/// What a text of file contexts says of paths below the device's directories, in
/// words. What begins with the whole of a directory's name says more of it than
/// the directory's own pattern, and so wins.
fn below(
    text: &str,
    paths: &Paths<'_>,
    labels: &BTreeMap<String, String>,
    prefix: &str,
) -> Vec<String> {
    let is_directory = |path: &&str| {
        let own = labels
            .get(*path)
            .is_some_and(|label| label.starts_with(prefix));
        own && paths
            .get(*path)
            .is_some_and(|(kind, _)| *kind == libc::S_IFDIR)
    };
    let mut wrong = Vec::new();
    for (expression, label) in patterns(text) {
        if label.starts_with(prefix) {
            continue;
        }
        let pattern = Pattern::new(&expression);
        let begins = pattern.literal();
        let ends = begins
            .char_indices()
            .filter(|(_, character)| *character == '/');
        let mut above = ends.map(|(end, _)| &begins[..end]).filter(is_directory);
        if let Some((path, (_, origin))) =
            above.next_back().and_then(|path| paths.get_key_value(path))
        {
            wrong.push(format!(
                "{origin}: {path} cannot be labelled as a whole: the system's file contexts label {expression} {label}"
            ));
        }
    }
    wrong
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
        assert_eq!(
            below(text, &paths, &labels, "cordon_pump__"),
            [
                "line 7: /opt/pump cannot be labelled as a whole: the system's file contexts label \
              /opt/pump/keys/[^/]+\\.key cert_t"
            ]
        );
    }
}
