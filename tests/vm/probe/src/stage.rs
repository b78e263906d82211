//! Process 1 from the initramfs: the policy, a root that can be labelled, and
//! from then on enforcing.
//!
//! The initramfs itself cannot be the root of what follows: pivot_root(2) from
//! it is EINVAL, and it carries no labels. So a tmpfs is moved over it.

use crate::sys;
use nix::mount::{MsFlags, mount};
use nix::unistd::{chdir, chroot};
use std::fs;
use std::io::{self, Error};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Where the new root is put together.
const ROOT: &str = "/root";

/// Stages the machine and goes on as `/sbin/init` in init's domain.
pub fn run() -> io::Result<()> {
    for (kind, at) in [("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev")] {
        mounted(kind, at, None)?;
    }
    mounted("selinuxfs", "/sys/fs/selinux", None)?;
    // Every denial is to be read: the kernel drops all but ten in five seconds.
    fs::write("/proc/sys/kernel/printk_ratelimit", "0")?;
    load(&fs::read("/policy")?)?;

    mounted("tmpfs", ROOT, Some("mode=755"))?;
    let labels = fs::read_to_string("/labels")?;
    for line in labels.lines() {
        let [kind, path, context] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(Error::other(format!("/labels: {line}")));
        };
        stage(kind, path, context).map_err(|error| Error::other(format!("{path}: {error}")))?;
    }
    fs::copy("/cases", format!("{ROOT}/cases"))?;
    for at in ["/proc", "/sys", "/dev"] {
        let to = format!("{ROOT}{at}");
        mount(
            Some(at),
            to.as_str(),
            None::<&str>,
            MsFlags::MS_MOVE,
            None::<&str>,
        )?;
    }
    chdir(ROOT)?;
    mount(Some("."), "/", None::<&str>, MsFlags::MS_MOVE, None::<&str>)?;
    chroot(".")?;
    chdir("/")?;

    fs::write("/sys/fs/selinux/enforce", "1")?;
    sys::set_exec_context("system_u:system_r:init_t:s0")?;
    Err(sys::execute("/sbin/init", None, &["/sbin/init".into()]).into())
}

fn mounted(kind: &str, at: &str, options: Option<&str>) -> io::Result<()> {
    fs::create_dir_all(at)?;
    mount(Some(kind), at, Some(kind), MsFlags::empty(), options)
        .map_err(|errno| Error::other(format!("mount {at}: {errno}")))
}

/// In one write, as the kernel wants it.
fn load(policy: &[u8]) -> io::Result<()> {
    let file = fs::OpenOptions::new()
        .write(true)
        .open("/sys/fs/selinux/load")?;
    match io::Write::write(&mut &file, policy)? {
        length if length == policy.len() => Ok(()),
        length => Err(Error::other(format!(
            "{length} bytes of the policy were taken"
        ))),
    }
}

/// A directory, a copy of this program, an empty file, or a node that is there,
/// with its label.
fn stage(kind: &str, path: &str, context: &str) -> io::Result<()> {
    let at = if kind == "node" {
        path.to_owned()
    } else {
        format!("{ROOT}{path}")
    };
    match kind {
        "directory" => fs::create_dir_all(&at)?,
        "program" => {
            fs::copy("/init", &at)?;
            fs::set_permissions(&at, fs::Permissions::from_mode(0o755))?;
        }
        "file" => {
            // Who may do what with it is told by its label alone.
            let mut options = fs::OpenOptions::new();
            options.write(true).create(true).mode(0o777).open(&at)?;
        }
        "node" => {}
        _ => return Err(Error::other(format!("{kind}?"))),
    }
    sys::label(Path::new(&at), context)
}
