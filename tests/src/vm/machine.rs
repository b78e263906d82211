//! A whole virtual machine, running.

use super::guest::Guest;
use super::image::Image;
use super::monitor::Monitor;
use super::{QEMU, directory};
use std::fs;
use std::io::{self, Error};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a boot may take; it takes about half a minute.
const BOOT: Duration = Duration::from_secs(400);

/// A machine, its agent answering. Dropped, it is switched off; with `KEEP` set
/// in the environment it is left running, and how to talk to it is printed.
#[derive(Debug)]
pub struct Machine {
    /// None for one that somebody else left running.
    process: Option<Child>,
    directory: PathBuf,
    /// Runs commands in it.
    pub guest: Guest,
    /// QEMU's own side of it.
    pub monitor: Monitor,
}

impl Machine {
    /// Boots an image; what it writes to its disk is gone with it.
    ///
    /// `name` is of its directory under `target/vm`, where the serial line is
    /// written; `append` goes on the kernel's command line, after `enforcing=1`.
    ///
    /// # Errors
    /// In words, with the end of what the machine said.
    pub fn boot(image: &Image, name: &str, append: &str) -> io::Result<Self> {
        let directory = Self::directory(name);
        fs::create_dir_all(&directory)?;
        for socket in ["agent", "qmp"] {
            let _ = fs::remove_file(directory.join(socket));
        }
        let at = |name: &str| directory.join(name).display().to_string();
        let [disk, sized] = [image.disk(), image.sized()]
            .map(|file| format!("file={},if=virtio,format=raw,snapshot=on", file.display()));
        let kernel = format!(
            "root=/dev/vda rw console=ttyS0 security=selinux selinux=1 enforcing=1 \
             audit_backlog_limit=8192 vt.global_cursor_default=0 {append}"
        );
        let mut process = Command::new(QEMU)
            .args([
                "-accel",
                "tcg,thread=multi",
                "-cpu",
                "max",
                "-smp",
                "2",
                "-m",
                "2G",
            ])
            .args(["-nodefaults", "-display", "none", "-no-reboot"])
            .args(["-device", "VGA,edid=on,xres=1024,yres=600"])
            .arg("-kernel")
            .arg(image.kernel())
            .arg("-initrd")
            .arg(image.initrd())
            .args(["-append", &kernel, "-drive", &disk, "-drive", &sized])
            .args(["-serial", &format!("file:{}", at("serial.log"))])
            // The sensor board's line: nobody is at the other end.
            .args(["-serial", "null"])
            .args(["-device", "virtio-serial"])
            .args([
                "-chardev",
                &format!("socket,id=agent,server=on,wait=off,path={}", at("agent")),
            ])
            .args(["-device", "virtserialport,chardev=agent,name=cordon.agent"])
            .args(["-qmp", &format!("unix:{},server=on,wait=off", at("qmp"))])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(directory.join("qemu.log"))?)
            .spawn()?;
        match Self::attach(&directory) {
            Ok((guest, monitor)) => Ok(Self {
                process: Some(process),
                directory,
                guest,
                monitor,
            }),
            Err(error) => {
                let _ = process.kill();
                let _ = process.wait();
                let said = fs::read_to_string(directory.join("qemu.log"))?;
                let serial = tail(&directory.join("serial.log"));
                Err(Error::other(format!("{error}\n{said}{serial}")))
            }
        }
    }

    /// A machine of this name that was left running.
    ///
    /// # Errors
    /// When it is not.
    pub fn resume(name: &str) -> io::Result<Self> {
        let directory = Self::directory(name);
        let mut guest = Guest::connect(&directory.join("agent"))?;
        guest.resume()?;
        let monitor = Monitor::connect(&directory.join("qmp"))?;
        Ok(Self {
            process: None,
            directory,
            guest,
            monitor,
        })
    }

    fn directory(name: &str) -> PathBuf {
        directory().join("run").join(name)
    }

    fn attach(directory: &Path) -> io::Result<(Guest, Monitor)> {
        let until = Instant::now() + Duration::from_secs(20);
        while !directory.join("agent").exists() || !directory.join("qmp").exists() {
            if Instant::now() > until {
                return Err(Error::other("QEMU does not start"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let mut guest = Guest::connect(&directory.join("agent"))?;
        let monitor = Monitor::connect(&directory.join("qmp"))?;
        guest.ready(BOOT)?;
        Ok((guest, monitor))
    }

    /// What the kernel and systemd wrote to the serial line.
    #[must_use]
    pub fn serial(&self) -> String {
        read(&self.directory.join("serial.log"))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let Some(process) = &mut self.process else {
            return;
        };
        if std::env::var_os("KEEP").is_some() {
            let at = self.directory.display();
            println!("left running: process {}", process.id());
            println!("  serial line:  {at}/serial.log");
            println!("  a command:    tests/vm/shell.sh {at}/agent COMMAND");
            println!("  steps on it:  RESUME=1 with the same test");
            return;
        }
        let _ = process.kill();
        let _ = process.wait();
    }
}

fn read(path: &Path) -> String {
    fs::read(path).map_or_else(
        |_| String::new(),
        |bytes| String::from_utf8_lossy(&bytes).into(),
    )
}

/// The last lines of a file.
fn tail(path: &Path) -> String {
    let text = read(path);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}
