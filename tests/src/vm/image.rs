//! The disk of a whole virtual machine, made as a device's image is made.

use super::devices::{self, ALONE, ATTACKED};
use super::{directory, output, static_program, target};
use crate::workspace;
use std::fs;
use std::io::{self, Error};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

/// A supported release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// Bookworm: kernel 6.1, systemd 252.
    Debian12,
    /// Trixie: kernel 6.12, systemd 257.
    Debian13,
}

impl Release {
    /// Its code name, by which a mirror knows it.
    #[must_use]
    pub fn suite(self) -> &'static str {
        match self {
            Self::Debian12 => "bookworm",
            Self::Debian13 => "trixie",
        }
    }

    /// What the versions of its packages say.
    #[must_use]
    fn version(self) -> &'static str {
        match self {
            Self::Debian12 => "~deb12_",
            Self::Debian13 => "~deb13_",
        }
    }

    /// Its name as a target of policy and packages.
    #[must_use]
    pub fn target(self) -> &'static str {
        match self {
            Self::Debian12 => "debian-12",
            Self::Debian13 => "debian-13",
        }
    }
}

/// A disk with its kernel.
#[derive(Clone, Debug)]
pub struct Image {
    directory: PathBuf,
    base: PathBuf,
}

impl Image {
    /// The image of a release with everything as it is in the workspace now:
    /// the one kept, when nothing it is made of has changed.
    ///
    /// # Errors
    /// In words, when something is not built, or a step fails.
    pub fn of(release: Release) -> io::Result<Self> {
        let suite = release.suite();
        fs::create_dir_all(directory())?;
        let scripts = workspace::root().join("tests/vm");
        let base = output(Command::new(scripts.join("base.sh")).arg(suite))?;
        let base = PathBuf::from(base.trim());
        let packages = packages(release)?;
        let stage = directory().join(format!("stage-{suite}"));
        put_together(&stage, release)?;

        let mut parts = vec![scripts.join("image.sh"), stage.clone()];
        parts.extend(packages.iter().cloned());
        let key = key(&base, &parts)?;
        let made = directory().join(format!("image-{suite}-{key}"));
        if !made.is_dir() {
            for entry in fs::read_dir(directory())?.flatten() {
                let old = entry.file_name().to_string_lossy().into_owned();
                if old.starts_with(&format!("image-{suite}-")) {
                    fs::remove_dir_all(entry.path())?;
                }
            }
            let mut command = Command::new(scripts.join("image.sh"));
            command.arg(&base).arg(&stage).arg(&made).args(&packages);
            output(&mut command)?;
        }
        Ok(Self {
            directory: made,
            base,
        })
    }

    /// The disk.
    #[must_use]
    pub fn disk(&self) -> PathBuf {
        self.directory.join("disk")
    }

    /// The disk with project quotas, `/var/lib/sized`.
    #[must_use]
    pub fn sized(&self) -> PathBuf {
        self.directory.join("sized")
    }

    /// Its kernel.
    #[must_use]
    pub fn kernel(&self) -> PathBuf {
        self.directory.join("vmlinuz")
    }

    /// Its initramfs.
    #[must_use]
    pub fn initrd(&self) -> PathBuf {
        self.directory.join("initrd")
    }

    /// A file as the release ships it.
    #[must_use]
    pub fn shipped(&self, path: &str) -> PathBuf {
        self.base.join(path.trim_start_matches('/'))
    }
}

/// The packages of a release, built as a device maker builds them.
fn packages(release: Release) -> io::Result<Vec<PathBuf>> {
    output(Command::new("make").current_dir(workspace::root()).args([
        "--silent",
        "package",
        &format!("TARGET={}", release.target()),
    ]))?;
    let directory = target().join("package");
    let mut packages: Vec<PathBuf> = fs::read_dir(&directory)
        .map_err(|error| Error::other(format!("{}: {error}", directory.display())))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.ends_with(".deb") && name.contains(release.version())
        })
        .collect();
    packages.sort();
    match packages.len() {
        0 => Err(Error::other(format!(
            "no package of {} in {}",
            release.target(),
            directory.display()
        ))),
        _ => Ok(packages),
    }
}

/// The tree laid over the installed packages: what the tests add.
fn put_together(stage: &Path, release: Release) -> io::Result<()> {
    if stage.exists() {
        fs::remove_dir_all(stage)?;
    }
    let guest = workspace::root().join("tests/vm/guest");
    let put = |from: &Path, to: &str, mode: u32| -> io::Result<()> {
        let to = stage.join(to);
        fs::create_dir_all(to.parent().unwrap_or(stage))?;
        fs::copy(from, &to)
            .map_err(|error| Error::other(format!("{}: {error}", from.display())))?;
        fs::set_permissions(&to, fs::Permissions::from_mode(mode))
    };
    // Beside the caller; for a benchmark, which is optimised, where the tests are.
    let built = |name: &str| {
        let debug = target().join("debug").join(name);
        workspace::program(name).or_else(|error| match debug.is_file() {
            true => Ok(debug),
            false => Err(Error::other(error)),
        })
    };
    put(&guest.join("provision"), "provision", 0o755)?;
    for unit in ["cordon-agent.service", "cordon-alone.conf"] {
        let to = match unit {
            "cordon-alone.conf" => "cordon@alone.service.d/alone.conf",
            unit => unit,
        };
        put(
            &guest.join(unit),
            &format!("etc/systemd/system/{to}"),
            0o644,
        )?;
    }
    let agent = static_program("cordon-agent")?;
    put(&agent, "usr/libexec/cordon-test/agent", 0o755)?;
    for program in ["cordon-weaken", "cordon-campaign"] {
        put(
            &built(program)?,
            &format!("usr/libexec/cordon-test/{program}"),
            0o755,
        )?;
    }
    let keys = keys()?;
    for name in ["ca.crt", "nurse.crt", "nurse.key"] {
        put(&keys.join(name), &format!("root/pki/{name}"), 0o600)?;
    }
    for device in ["bedside-monitor", ATTACKED, ALONE] {
        let tls = format!("etc/{device}/tls");
        put(
            &keys.join("server.crt"),
            &format!("{tls}/server.crt"),
            0o644,
        )?;
        put(
            &keys.join("server.key"),
            &format!("{tls}/server.key"),
            0o640,
        )?;
        put(&keys.join("ca.crt"), &format!("{tls}/nurses.crt"), 0o644)?;
    }
    for device in [ATTACKED, ALONE] {
        for program in ["vitals-display", "cordon-attack"] {
            put(
                &built(program)?,
                &format!("usr/lib/{device}/{program}"),
                0o755,
            )?;
        }
        let manifest = devices::on(release, &devices::manifest(device)?);
        let to = stage.join(format!("etc/cordon/{device}.yaml"));
        fs::create_dir_all(to.parent().unwrap_or(stage))?;
        fs::write(&to, manifest)?;
    }
    Ok(())
}

/// Throw-away certificates, made again before they end.
fn keys() -> io::Result<PathBuf> {
    const AGE: Duration = Duration::from_secs(14 * 24 * 60 * 60);
    let kept = directory().join("pki");
    let made = fs::metadata(kept.join("nurse.p12")).and_then(|it| it.modified());
    let fresh = made.is_ok_and(|made| {
        SystemTime::now()
            .duration_since(made)
            .is_ok_and(|age| age < AGE)
    });
    if !fresh {
        if kept.exists() {
            fs::remove_dir_all(&kept)?;
        }
        output(Command::new(workspace::root().join("tests/pki.sh")).arg(&kept))?;
    }
    Ok(kept)
}

/// One word for everything an image is made of.
fn key(base: &Path, parts: &[PathBuf]) -> io::Result<String> {
    let mut command = Command::new("tar");
    // Contents, modes and names; not when or by whom they were built.
    command.args([
        "--create",
        "--sort=name",
        "--mtime=@0",
        "--owner=0",
        "--group=0",
    ]);
    command
        .args(["--numeric-owner", "--absolute-names", "--file=-"])
        .args(parts);
    command.stdout(std::process::Stdio::piped());
    let mut tar = command.spawn()?;
    let packed = tar.stdout.take().ok_or_else(|| Error::other("tar"))?;
    let sum = Command::new("sha256sum").stdin(packed).output()?;
    if !tar.wait()?.success() {
        return Err(Error::other("tar cannot read what an image is made of"));
    }
    let base = base.file_name().unwrap_or_default().to_string_lossy();
    let base = base.rsplit('-').next().unwrap_or_default();
    let sum = String::from_utf8_lossy(&sum.stdout);
    Ok(format!("{base}-{}", &sum[..12.min(sum.len())]))
}
