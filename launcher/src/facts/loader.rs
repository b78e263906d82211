//! Finds a program's shared libraries where its dynamic loader would.
//!
//! The order is ld.so(8)'s: DT_RPATH of the object and of those that asked for
//! it (only where there is no DT_RUNPATH), DT_RUNPATH of the object itself, the
//! directories ldconfig puts in the cache, the loader's own. LD_LIBRARY_PATH
//! does not exist in a compartment. A file of another machine is passed over, as
//! the loader does.

use super::conf;
use super::elf::{self, Head};
use super::tree::Tree;
use cordon_manifest::facts::Kind;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

/// As many libraries as one program may pull in.
const MAX_LIBRARIES: usize = 2048;

/// All levels of a program's libraries.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Closure {
    /// The path the loader opens, and the same with links resolved.
    pub libraries: Vec<(String, String)>,
    /// Names that were not found anywhere.
    pub not_found: Vec<String>,
}

/// An object whose needs are looked up.
struct Object {
    head: Head,
    /// Directory of the object, for `$ORIGIN`.
    origin: String,
    /// The object that asked for it.
    parent: Option<Rc<Object>>,
}

/// The libraries of the program at `path` (resolved) with this head.
pub fn closure(tree: &Tree, path: &str, head: &Head) -> Closure {
    let mut closure = Closure::default();
    let Some(interpreter) = &head.interpreter else {
        return closure;
    };
    let loader_name = file_name(interpreter);
    let defaults = default_directories(tree, interpreter, &head.machine);
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut missing = BTreeSet::new();
    let program = Rc::new(Object {
        head: head.clone(),
        origin: directory(path),
        parent: None,
    });
    let mut waiting = VecDeque::from([program]);
    while let Some(object) = waiting.pop_front() {
        for name in &object.head.needed {
            // The loader is there already, under its own name; so is musl's C library.
            if file_name(name) == loader_name || (is_musl(interpreter) && name.starts_with("libc."))
            {
                continue;
            }
            if known.contains_key(name) || missing.contains(name) {
                continue;
            }
            let found = candidates(name, &object, &defaults, interpreter)
                .into_iter()
                .find_map(|candidate| open(tree, &candidate, &head.machine));
            match found {
                Some((opened, resolved, head)) if known.len() < MAX_LIBRARIES => {
                    known.insert(name.clone(), opened.clone());
                    waiting.push_back(Rc::new(Object {
                        head,
                        origin: directory(&resolved),
                        parent: Some(Rc::clone(&object)),
                    }));
                    closure.libraries.push((opened, resolved));
                }
                _ => {
                    missing.insert(name.clone());
                    closure.not_found.push(name.clone());
                }
            }
        }
    }
    closure
}

/// Whether the program's own run path begins with `$ORIGIN`: the loader then
/// asks /proc/self/exe. A library's origin is known from where it was found.
pub fn asks_for_origin(head: &Head) -> bool {
    let own = |path: &String| path.starts_with("$ORIGIN") || path.starts_with("${ORIGIN}");
    head.rpath.iter().chain(&head.runpath).any(own)
}

fn candidates(
    name: &str,
    object: &Rc<Object>,
    defaults: &[String],
    interpreter: &str,
) -> Vec<String> {
    let lib = lib_word(interpreter, &object.head.machine);
    let expand = |text: &str, origin: &str| {
        let mut text = text.to_owned();
        for (token, value) in [("ORIGIN", origin), ("LIB", lib), ("PLATFORM", "x86_64")] {
            text = text.replace(&format!("${{{token}}}"), value);
            text = text.replace(&format!("${token}"), value);
        }
        text
    };
    if name.contains('/') {
        return vec![expand(name, &object.origin)];
    }
    let mut directories = Vec::new();
    if object.head.runpath.is_empty() {
        let mut asker = Some(object);
        while let Some(one) = asker {
            directories.extend(one.head.rpath.iter().map(|path| expand(path, &one.origin)));
            asker = one.parent.as_ref();
        }
    }
    directories.extend(
        object
            .head
            .runpath
            .iter()
            .map(|path| expand(path, &object.origin)),
    );
    directories.extend_from_slice(defaults);
    directories
        .into_iter()
        .filter(|directory| directory.starts_with('/'))
        .map(|directory| format!("{}/{name}", directory.trim_end_matches('/')))
        .collect()
}

/// A library at this path for this machine, or nothing.
fn open(tree: &Tree, path: &str, machine: &str) -> Option<(String, String, Head)> {
    let found = tree.look(path).ok()?;
    if found.kind != Kind::File {
        return None;
    }
    let head = elf::read(&tree.read(path, elf::LIMIT).ok()?).ok()?;
    (head.machine == machine).then(|| (normalised(path), found.resolved, head))
}

/// `/a/../b` and `//` out of a path, without looking at the tree: the loader
/// opens `$ORIGIN/../lib/x` as it stands, a manifest's path has no dots.
fn normalised(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}

fn default_directories(tree: &Tree, interpreter: &str, machine: &str) -> Vec<String> {
    let mut directories = Vec::new();
    if is_musl(interpreter) {
        let arch = file_name(interpreter);
        let arch = arch
            .trim_start_matches("ld-musl-")
            .trim_end_matches(".so.1");
        let configured = tree.read(&format!("/etc/ld-musl-{arch}.path"), 64 << 10);
        match configured {
            Ok(bytes) => directories.extend(
                String::from_utf8_lossy(&bytes)
                    .split([':', '\n'])
                    .map(str::to_owned),
            ),
            Err(_) => directories.extend(["/lib", "/usr/local/lib", "/usr/lib"].map(str::to_owned)),
        }
        return directories;
    }
    directories.extend(conf::directories(tree));
    let triplet = match machine {
        "x86-64" => "x86_64-linux-gnu",
        "aarch64" => "aarch64-linux-gnu",
        "riscv64" => "riscv64-linux-gnu",
        _ => "",
    };
    if !triplet.is_empty() {
        directories.push(format!("/lib/{triplet}"));
        directories.push(format!("/usr/lib/{triplet}"));
    }
    directories.extend(["/lib64", "/usr/lib64", "/lib", "/usr/lib"].map(str::to_owned));
    directories
}

/// What `$LIB` stands for: Debian's loaders say `lib/TRIPLET`, others `lib64`.
fn lib_word(interpreter: &str, machine: &str) -> &'static str {
    match machine {
        "x86-64" if interpreter.starts_with("/lib64") => "lib/x86_64-linux-gnu",
        "aarch64" => "lib/aarch64-linux-gnu",
        _ => "lib64",
    }
}

fn is_musl(interpreter: &str) -> bool {
    file_name(interpreter).starts_with("ld-musl-")
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn directory(path: &str) -> String {
    path.rsplit_once('/')
        .map_or("/", |(directory, _)| directory)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// ldd(1) asks the loader itself.
    fn ldd(program: &str) -> Option<BTreeSet<String>> {
        let output = std::process::Command::new("ldd")
            .arg(program)
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let paths = text.lines().filter_map(|line| {
            let (_, path) = line.split_once(" => ")?;
            Some(path.split(' ').next()?.to_owned())
        });
        Some(paths.collect())
    }

    #[test]
    fn real_programs_have_the_libraries_their_loader_says() {
        let tree = Tree::open(Path::new("/")).unwrap();
        let mut compared = 0;
        for program in [
            "/bin/ls",
            "/usr/bin/git",
            "/usr/bin/curl",
            "/usr/bin/python3",
            "/usr/bin/gcc",
        ] {
            let Ok(found) = tree.look(program) else {
                continue;
            };
            let Ok(bytes) = tree.read(program, elf::LIMIT) else {
                continue;
            };
            let Ok(head) = elf::read(&bytes) else {
                continue;
            };
            let Some(expected) = ldd(program) else {
                continue;
            };
            let closure = closure(&tree, &found.resolved, &head);
            let resolve = |path: &String| tree.look(path).unwrap().resolved;
            let ours: BTreeSet<String> =
                closure.libraries.iter().map(|(p, _)| resolve(p)).collect();
            let theirs: BTreeSet<String> = expected.iter().map(resolve).collect();
            assert_eq!(ours, theirs, "{program}");
            assert_eq!(closure.not_found, Vec::<String>::new());
            compared += 1;
        }
        assert!(compared > 0, "no program to compare with ldd");
    }

    fn object(head: Head) -> Rc<Object> {
        Rc::new(Object {
            head,
            origin: "/opt/device/bin".to_owned(),
            parent: None,
        })
    }

    #[test]
    fn the_origin_is_the_directory_of_the_object_that_asks() {
        let head = Head {
            runpath: vec!["$ORIGIN/../lib".to_owned(), "${ORIGIN}".to_owned()],
            ..Head::default()
        };
        assert!(asks_for_origin(&head));
        let found = candidates(
            "liba.so",
            &object(head),
            &["/lib".to_owned()],
            "/lib64/ld.so",
        );
        assert_eq!(
            found,
            [
                "/opt/device/bin/../lib/liba.so",
                "/opt/device/bin/liba.so",
                "/lib/liba.so"
            ]
        );
        assert_eq!(normalised(&found[0]), "/opt/device/lib/liba.so");
    }

    #[test]
    fn rpath_is_inherited_and_runpath_is_not() {
        let program = object(Head {
            rpath: vec!["/opt/rpath".to_owned()],
            ..Head::default()
        });
        let library = |runpath: &[&str]| {
            Rc::new(Object {
                head: Head {
                    runpath: runpath.iter().map(|path| (*path).to_owned()).collect(),
                    ..Head::default()
                },
                origin: "/opt".to_owned(),
                parent: Some(Rc::clone(&program)),
            })
        };
        let plain = candidates("b.so", &library(&[]), &[], "/lib64/ld.so");
        assert_eq!(plain, ["/opt/rpath/b.so"]);
        let own = candidates("b.so", &library(&["/own"]), &[], "/lib64/ld.so");
        assert_eq!(own, ["/own/b.so"]);
    }
}
