//! A target's file tree: paths with every link resolved inside it.
//!
//! Links are followed by hand, so that an absolute link of an image tree leads
//! to the image's file and never to the build machine's.

use cordon_manifest::facts::Kind;
use cordon_manifest::plan::Node;
use std::collections::VecDeque;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// As many links as the kernel follows before ELOOP (`MAXSYMLINKS`).
const MAX_LINKS: usize = 40;
/// `S_ISVTX`: in such a directory only the owner of an entry may remove it.
const STICKY: u32 = 0o1000;

/// The tree of a target.
#[derive(Debug)]
pub struct Tree {
    root: PathBuf,
}

/// What stands at a path of the tree.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// The path inside the tree, every link resolved as far as it exists.
    pub resolved: String,
    /// What it is.
    pub kind: Kind,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// First directory on the way that someone else than root could change.
    pub open_parent: Option<String>,
}

impl Tree {
    /// The tree at `root`, which must be a directory.
    pub fn open(root: &Path) -> io::Result<Self> {
        let root = fs::canonicalize(root)?;
        fs::read_dir(&root)?;
        Ok(Self { root })
    }

    /// Whether this is the system that is running.
    pub fn is_running_system(&self) -> bool {
        self.root == Path::new("/")
    }

    /// Reads at most `limit` bytes of a file named by a path inside the tree.
    pub fn read(&self, path: &str, limit: u64) -> io::Result<Vec<u8>> {
        use io::Read as _;
        let found = self.look(path)?;
        if found.kind != Kind::File {
            return Err(io::ErrorKind::NotFound.into());
        }
        let mut bytes = Vec::new();
        fs::File::open(self.on_disk(&found.resolved))?
            .take(limit)
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Names in a directory of the tree, sorted; empty where there is none.
    pub fn names(&self, path: &str) -> Vec<String> {
        let Ok(found) = self.look(path) else {
            return Vec::new();
        };
        let Ok(entries) = fs::read_dir(self.on_disk(&found.resolved)) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort();
        names
    }

    /// Looks a path up, following links inside the tree.
    pub fn look(&self, path: &str) -> io::Result<Found> {
        let mut rest: VecDeque<String> = parts(path).collect();
        let mut here: Vec<String> = Vec::new();
        let mut links = 0;
        let mut open_parent = None;
        let mut last = fs::symlink_metadata(&self.root)?;
        while let Some(name) = rest.pop_front() {
            if name == ".." {
                here.pop();
                last = fs::symlink_metadata(self.on_disk(&join(&here)))?;
                continue;
            }
            let parent = join(&here);
            here.push(name);
            let entry = fs::symlink_metadata(self.on_disk(&join(&here)));
            if open_parent.is_none() && others_can_change(&last, entry.as_ref().ok()) {
                open_parent = Some(parent);
            }
            match entry {
                Ok(entry) if entry.file_type().is_symlink() => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(io::Error::from_raw_os_error(nix::libc::ELOOP));
                    }
                    let target = fs::read_link(self.on_disk(&join(&here)))?;
                    let target = target.to_str().ok_or(io::ErrorKind::InvalidData)?;
                    here.pop();
                    if target.starts_with('/') {
                        here.clear();
                    }
                    for part in parts(target).collect::<Vec<_>>().into_iter().rev() {
                        rest.push_front(part);
                    }
                    last = fs::symlink_metadata(self.on_disk(&join(&here)))?;
                }
                Ok(entry) => last = entry,
                Err(error) if is_absence(&error) => {
                    here.extend(rest);
                    return Ok(Found {
                        resolved: join(&here),
                        kind: Kind::Absent,
                        mode: 0,
                        uid: 0,
                        gid: 0,
                        open_parent,
                    });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Found {
            resolved: join(&here),
            kind: kind_of(&last),
            mode: last.mode() & 0o7777,
            uid: last.uid(),
            gid: last.gid(),
            open_parent,
        })
    }

    /// Where a resolved path of the tree is on this machine.
    fn on_disk(&self, resolved: &str) -> PathBuf {
        self.root.join(resolved.trim_start_matches('/'))
    }
}

/// ENOTDIR too: below a file there is nothing.
fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn parts(path: &str) -> impl Iterator<Item = String> + '_ {
    path.split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .map(str::to_owned)
}

fn join(parts: &[String]) -> String {
    format!("/{}", parts.join("/"))
}

/// Whether someone else than root could put something else at this name of the
/// directory. In a sticky directory only an entry's owner can replace it.
fn others_can_change(directory: &Metadata, entry: Option<&Metadata>) -> bool {
    if directory.uid() != 0 {
        return true;
    }
    let mode = directory.mode();
    let writable = mode & 0o002 != 0 || (mode & 0o020 != 0 && directory.gid() != 0);
    let held = mode & STICKY != 0 && entry.is_some_and(|entry| entry.uid() == 0);
    writable && !held
}

fn kind_of(metadata: &Metadata) -> Kind {
    let kind = metadata.file_type();
    if kind.is_file() {
        Kind::File
    } else if kind.is_dir() {
        Kind::Directory
    } else if kind.is_block_device() || kind.is_char_device() {
        Kind::Device(Node {
            block: kind.is_block_device(),
            major: u32::try_from(nix::sys::stat::major(metadata.rdev())).unwrap_or(u32::MAX),
            minor: u32::try_from(nix::sys::stat::minor(metadata.rdev())).unwrap_or(u32::MAX),
        })
    } else {
        Kind::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::Scratch;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn an_absolute_link_stays_inside_the_tree() {
        let scratch = Scratch::new();
        scratch.write("usr/lib/real", b"x");
        symlink("/usr/lib", scratch.path().join("lib")).unwrap();
        let found = Tree::open(scratch.path())
            .unwrap()
            .look("/lib/real")
            .unwrap();
        assert_eq!(found.resolved, "/usr/lib/real");
        assert_eq!(found.kind, Kind::File);
    }

    #[test]
    fn dots_do_not_climb_out_of_the_tree() {
        let scratch = Scratch::new();
        scratch.write("etc/passwd", b"");
        symlink("../../../../etc", scratch.path().join("up")).unwrap();
        let found = Tree::open(scratch.path())
            .unwrap()
            .look("/up/passwd")
            .unwrap();
        assert_eq!(found.resolved, "/etc/passwd");
    }

    #[test]
    fn an_absent_path_has_its_parents_resolved() {
        let scratch = Scratch::new();
        fs::create_dir_all(scratch.path().join("run")).unwrap();
        fs::create_dir_all(scratch.path().join("var")).unwrap();
        symlink("/run", scratch.path().join("var/run")).unwrap();
        let found = Tree::open(scratch.path())
            .unwrap()
            .look("/var/run/a/b")
            .unwrap();
        assert_eq!(found.resolved, "/run/a/b");
        assert_eq!(found.kind, Kind::Absent);
    }

    #[test]
    fn a_circle_of_links_is_an_error_and_ends() {
        let scratch = Scratch::new();
        symlink("/b", scratch.path().join("a")).unwrap();
        symlink("/a", scratch.path().join("b")).unwrap();
        let error = Tree::open(scratch.path()).unwrap().look("/a").unwrap_err();
        assert_eq!(error.raw_os_error(), Some(nix::libc::ELOOP));
    }

    #[test]
    fn a_directory_others_may_write_is_named() {
        let scratch = Scratch::new();
        scratch.write("opt/open/program", b"x");
        let open = scratch.path().join("opt/open");
        let tree = Tree::open(scratch.path()).unwrap();
        let shut = tree.look("/opt/open/program").unwrap().open_parent;
        fs::set_permissions(&open, PermissionsExt::from_mode(0o777)).unwrap();
        let found = tree.look("/opt/open/program").unwrap().open_parent;
        if nix::unistd::geteuid().is_root() {
            assert_eq!(shut, None);
            assert_eq!(found, Some("/opt/open".to_owned()));
            fs::set_permissions(&open, PermissionsExt::from_mode(0o1777)).unwrap();
            assert_eq!(tree.look("/opt/open/program").unwrap().open_parent, None);
            let absent = tree.look("/opt/open/absent").unwrap().open_parent;
            assert_eq!(absent, Some("/opt/open".to_owned()));
        } else {
            assert_eq!(
                found,
                Some("/".to_owned()),
                "the tree is owned by its builder"
            );
        }
    }

    #[test]
    fn the_null_device_is_character_1_3() {
        let found = Tree::open(Path::new("/"))
            .unwrap()
            .look("/dev/null")
            .unwrap();
        let null = Node {
            block: false,
            major: 1,
            minor: 3,
        };
        assert_eq!(found.kind, Kind::Device(null));
    }
}
