//! The module store of a system (semanage.conf(5)): what is in it, read without
//! its tools, and changed by semodule(8) alone.

use super::rest::{Module, Rest};
use super::tools::Tools;
use super::work::Work;
use crate::cli::{Exit, Failure};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Output;

/// Priority of what Cordon installs: above the distribution's modules (100),
/// below an administrator's (400), whose module of the same name would win.
const PRIORITY: u16 = 200;
/// The base module's name in the store.
pub const BASE: &str = "cordon";

/// A store and the tools for it.
pub struct Store<'a> {
    tools: &'a Tools,
    /// The policy's name, `default` on Debian.
    name: String,
    /// Its modules, `PRIORITY/NAME/cil`; a priority has three digits.
    modules: PathBuf,
}

impl<'a> Store<'a> {
    /// The store of the policy that /etc/selinux/config names.
    pub fn open(tools: &'a Tools) -> Result<Self, Failure> {
        let root = tools.root();
        let config = root.join("etc/selinux/config");
        let text = fs::read_to_string(&config).map_err(|error| {
            Failure::new(
                Exit::PolicyStore,
                format!(
                    "no SELinux policy is installed: {}: {error}",
                    config.display()
                ),
            )
            .help("install the system's policy first: apt install selinux-policy-default")
        })?;
        let name = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("SELINUXTYPE="))
            .next_back()
            .map_or("default", str::trim)
            .to_owned();
        let modules = root
            .join("var/lib/selinux")
            .join(&name)
            .join("active/modules");
        if !modules.is_dir() {
            return Err(Failure::new(
                Exit::PolicyStore,
                format!("there is no module store: {}", modules.display()),
            )
            .help("the system's policy package makes it: apt install selinux-policy-default"));
        }
        Ok(Self {
            tools,
            name,
            modules,
        })
    }

    /// The file contexts of the policy in the store.
    pub fn file_contexts(&self) -> PathBuf {
        self.tools
            .root()
            .join("etc/selinux")
            .join(&self.name)
            .join("contexts/files/file_contexts")
    }

    /// The CIL text of a module that Cordon installed; none where it is not.
    pub fn text(&self, module: &str) -> Result<Option<String>, Failure> {
        let path = self.module(PRIORITY, module).join("cil");
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(&path, &error)),
        };
        let bytes = unpacked(self.tools, bytes)?;
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Devices whose modules Cordon installed, by the modules' names.
    pub fn devices(&self) -> Result<Vec<String>, Failure> {
        if !self.priorities()?.contains(&PRIORITY) {
            return Ok(Vec::new());
        }
        let mut names = self.names(PRIORITY)?;
        names.retain(|name| name.starts_with("cordon_"));
        names.sort();
        Ok(names)
    }

    /// Refuses where a module of this name would win over what is installed, or
    /// is switched off: what is in the store would not be what is in force.
    pub fn unhidden(&self, module: &str) -> Result<(), Failure> {
        for priority in self.priorities()? {
            if priority > PRIORITY && self.module(priority, module).exists() {
                return Err(Failure::new(
                    Exit::PolicyStore,
                    format!("another module {module} of priority {priority} hides Cordon's"),
                )
                .help(format!("remove it: semodule -X {priority} -r {module}")));
            }
        }
        if self.modules.join("disabled").join(module).exists() {
            return Err(Failure::new(
                Exit::PolicyStore,
                format!("the module {module} is disabled in the store"),
            )
            .help(format!("enable it: semodule -e {module}")));
        }
        Ok(())
    }

    /// Everything of the store but Cordon's modules of these names.
    pub fn rest(&self, but: &[&str]) -> Result<Rest<'_>, Failure> {
        let winners = self.in_force(but)?;
        let mut modules = Vec::new();
        for (name, priority) in winners {
            let path = self.module(priority, &name).join("cil");
            let content = fs::read(&path).map_err(|error| unreadable(&path, &error))?;
            modules.push(Module {
                name,
                priority,
                content,
            });
        }
        let mut settings = Vec::new();
        if let Some(active) = self.modules.parent() {
            let mut names = list(active)?;
            names.retain(|name| is_setting(name));
            names.sort();
            settings.extend(names.into_iter().map(|name| (active.join(&name), name)));
        }
        let conf = self.tools.root().join("etc/selinux/semanage.conf");
        settings.push((conf, "semanage.conf".to_owned()));
        let mut kept = Vec::new();
        for (path, name) in settings {
            match fs::read(&path) {
                Ok(content) => kept.push((name, content)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(unreadable(&path, &error)),
            }
        }
        Ok(Rest::new(self.tools, modules, kept))
    }

    /// Cordon's modules in force but these, whoever installed them: priority, name
    /// and text.
    pub fn of_cordon(&self, but: &[&str]) -> Result<Vec<(u16, String, String)>, Failure> {
        let mut winners = self.in_force(but)?;
        winners.retain(|name, _| name == BASE || name.starts_with("cordon_"));
        let text = |(name, priority): (String, u16)| {
            let path = self.module(priority, &name).join("cil");
            let bytes = fs::read(&path).map_err(|error| unreadable(&path, &error))?;
            let bytes = unpacked(self.tools, bytes)?;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            Ok((priority, name, text))
        };
        winners.into_iter().map(text).collect()
    }

    /// The modules in force but these, with the priority that wins.
    fn in_force(&self, but: &[&str]) -> Result<BTreeMap<String, u16>, Failure> {
        let mut winners: BTreeMap<String, u16> = BTreeMap::new();
        for priority in self.priorities()? {
            for name in self.names(priority)? {
                let winner = winners.entry(name).or_default();
                *winner = priority.max(*winner);
            }
        }
        let disabled = self.modules.join("disabled");
        winners.retain(|name, _| !but.contains(&name.as_str()) && !disabled.join(name).exists());
        Ok(winners)
    }

    /// Installs modules by name and text, in one transaction; with `reload` the
    /// running kernel gets the result.
    pub fn install(&self, modules: &[(&str, &str)], reload: bool) -> Result<(), Failure> {
        let failed = |error: io::Error| {
            let root = self.tools.root().display();
            Failure::new(
                Exit::Internal,
                format!("a work directory below {root}: {error}"),
            )
        };
        let work = Work::new(self.tools.root()).map_err(failed)?;
        let mut arguments = self.arguments(reload);
        for (name, text) in modules {
            // The module's name in the store is the file's.
            let file = work.write(&format!("{name}.cil"), text.as_bytes());
            let file = self.tools.sees(&file.map_err(failed)?);
            arguments.extend(["-i".into(), file]);
        }
        self.semodule(&arguments)
    }

    /// Removes modules by name, in one transaction.
    pub fn remove(&self, modules: &[&str], reload: bool) -> Result<(), Failure> {
        let mut arguments = self.arguments(reload);
        for name in modules {
            arguments.extend(["-r".into(), PathBuf::from(name)]);
        }
        self.semodule(&arguments)
    }

    /// Gives the running kernel the policy that is in the store.
    pub fn reload(&self) -> Result<(), Failure> {
        let arguments = ["-s", &self.name, "-R"].map(PathBuf::from);
        self.semodule(&arguments)
    }

    fn arguments(&self, reload: bool) -> Vec<PathBuf> {
        let mut arguments = Vec::new();
        if let Tools::Beside(root) = self.tools {
            arguments.extend(["-p".into(), root.clone()]);
        }
        if !reload {
            arguments.push("-N".into());
        }
        let priority = PRIORITY.to_string();
        arguments.extend(["-s", &self.name, "-X", &priority].map(PathBuf::from));
        arguments
    }

    fn semodule(&self, arguments: &[PathBuf]) -> Result<(), Failure> {
        let output = ran("semodule", self.tools.run("semodule", arguments, None))?;
        if output.status.success() {
            return Ok(());
        }
        Err(Failure::new(
            Exit::PolicyStore,
            format!("semodule failed ({}):\n{}", output.status, said(&output)),
        )
        .help("the store is as it was before"))
    }

    fn module(&self, priority: u16, name: &str) -> PathBuf {
        self.of_priority(priority).join(name)
    }

    fn of_priority(&self, priority: u16) -> PathBuf {
        self.modules.join(format!("{priority:03}"))
    }

    fn priorities(&self) -> Result<Vec<u16>, Failure> {
        let names = list(&self.modules)?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// The modules of a priority that is there: what cannot be listed is not
    /// empty, or its rules would be in force and unproved.
    fn names(&self, priority: u16) -> Result<Vec<String>, Failure> {
        list(&self.of_priority(priority))
    }
}

/// The result of a tool, or why there is none.
pub fn ran(tool: &str, output: io::Result<Output>) -> Result<Output, Failure> {
    output.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            Failure::new(Exit::PolicyStore, format!("the tool {tool} is not here"))
                .help("Debian's packages policycoreutils, semodule-utils and bzip2 have them")
        }
        _ => Failure::new(Exit::PolicyStore, format!("cannot run {tool}: {error}")),
    })
}

/// What a tool said, for a person.
pub fn said(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&text).trim_end().to_owned()
}

/// Whether these are bzip2's bytes: libsemanage packs modules unless its
/// configuration says otherwise.
pub fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(b"BZh")
}

/// Whether a file beside the modules is one that semodule(8) compiles in, or
/// compiles by (libsemanage's semanage_store.c); the others are results.
fn is_setting(name: &str) -> bool {
    matches!(name, "disable_dontaudit" | "preserve_tunables")
        || Path::new(name)
            .extension()
            .is_some_and(|end| end == "local")
}

/// The bytes without bzip2's packing.
pub fn unpacked(tools: &Tools, bytes: Vec<u8>) -> Result<Vec<u8>, Failure> {
    if !is_packed(&bytes) {
        return Ok(bytes);
    }
    let output = ran("bzip2", tools.run("bzip2", ["-dc"], Some(&bytes)))?;
    if !output.status.success() {
        return Err(Failure::new(
            Exit::PolicyStore,
            format!(
                "a module in the store cannot be unpacked: {}",
                said(&output)
            ),
        ));
    }
    Ok(output.stdout)
}

/// The names in a directory. One that is no text is nobody's: semodule(8) takes
/// letters and digits.
fn list(directory: &Path) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(|error| unreadable(directory, &error))? {
        let entry = entry.map_err(|error| unreadable(directory, &error))?;
        names.extend(entry.file_name().into_string());
    }
    Ok(names)
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::PermissionDenied {
        return Failure::new(
            Exit::NotPermitted,
            format!("not permitted to read {}", path.display()),
        )
        .help("the module store is root's");
    }
    Failure::new(
        Exit::PolicyStore,
        format!("the module store: {}: {error}", path.display()),
    )
}
