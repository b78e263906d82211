//! What follows a command, taken piece by piece.

use super::Failure;
use super::arguments::{
    Command, DenialsOptions, LearnOptions, ManifestOptions, PolicyBuildOptions, PolicyDiffOptions,
    PolicyExplainOptions, PolicyInstallOptions, PolicyRemoveOptions, PolicyScanOptions,
    RUNTIME_DIR, RunningOptions, usage,
};
use cordon_manifest::plan::Layer;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// What a command still has to take; what is left over at the end is an error.
pub struct Options<'a> {
    /// Words after the command.
    pub words: VecDeque<OsString>,
    /// Options with their values.
    pub flags: Vec<(&'static str, OsString)>,
    /// The command, for messages.
    pub command: &'a str,
}

impl Options<'_> {
    /// What `check` and `plan` take.
    pub fn manifest(&mut self) -> Result<ManifestOptions, Failure> {
        Ok(ManifestOptions {
            manifest: self.path("the manifest")?,
            root: self.flag("root").map(PathBuf::from),
            json: self.flag("json").is_some(),
        })
    }

    /// What `policy` takes.
    pub fn policy(&mut self) -> Result<Command, Failure> {
        let word = self.words.pop_front();
        Ok(match word.as_ref().and_then(|word| word.to_str()) {
            Some("build") => Command::PolicyBuild(PolicyBuildOptions {
                manifest: self.path("the manifest")?,
                root: self.flag("root").map(PathBuf::from),
                output: self
                    .flag("output")
                    .map_or_else(|| ".".into(), PathBuf::from),
                target: self.target(),
                policy_root: self.flag("policy-root").map(PathBuf::from),
            }),
            Some("install") => Command::PolicyInstall(PolicyInstallOptions {
                manifest: self.path("the manifest")?,
                root: self.flag("root").map(PathBuf::from),
                target: self.target(),
                relabel: self.flag("no-relabel").is_none(),
                unproved: self.flag("unproved").is_some(),
            }),
            Some("remove") => Command::PolicyRemove(PolicyRemoveOptions {
                device: self.path("the device")?.to_string_lossy().into_owned(),
                root: self.flag("root").map(PathBuf::from),
                relabel: self.flag("no-relabel").is_none(),
            }),
            Some("explain") => Command::PolicyExplain(PolicyExplainOptions {
                manifest: self.path("the manifest")?,
                root: self.flag("root").map(PathBuf::from),
                target: self.target(),
                policy: self.flag("policy").map(PathBuf::from),
                component: self.text("component"),
                json: self.flag("json").is_some(),
            }),
            Some("diff") => Command::PolicyDiff(PolicyDiffOptions {
                old: self.path("the old manifest")?,
                new: self.path("the new manifest")?,
                root: self.flag("root").map(PathBuf::from),
                target: self.target(),
                json: self.flag("json").is_some(),
            }),
            Some("scan") => Command::PolicyScan(self.scan()?),
            _ => {
                let failure = usage(
                    "policy takes one of the words build, install, remove, explain, diff, scan",
                );
                return Err(failure.help("cordon policy build DEVICE.yaml -o DIRECTORY"));
            }
        })
    }

    /// What `status`, `verify` and `stop` take.
    pub fn running(&mut self) -> Result<RunningOptions, Failure> {
        let device = self.words.pop_front();
        Ok(RunningOptions {
            device: device.map(|word| word.to_string_lossy().into_owned()),
            json: self.flag("json").is_some(),
            runtime_dir: self.runtime_dir(),
        })
    }

    /// What `denials` takes.
    pub fn denials(&mut self) -> Result<DenialsOptions, Failure> {
        let what = self.words.pop_front();
        let options = DenialsOptions {
            what: what.map(|word| word.to_string_lossy().into_owned()),
            root: self.flag("root").map(PathBuf::from),
            follow: self.flag("follow").is_some(),
            enable_audit: self.flag("enable-audit").is_some(),
            failures: self.flag("failures").is_some(),
            log: self.flag("log").map(PathBuf::from),
            component: self.text("component"),
            json: self.flag("json").is_some(),
            runtime_dir: self.runtime_dir(),
        };
        if options.follow && options.log.is_some() {
            return Err(usage("--log is of the past, and --follow of what comes"));
        }
        if options.enable_audit && !options.follow {
            let failure = usage("--enable-audit is for --follow: it is switched off at the end");
            return Err(failure.help("for good: audit=1 on the kernel's command line"));
        }
        if options.failures && !options.follow {
            return Err(usage(
                "--failures is for --follow: its rules are taken back at the end",
            ));
        }
        Ok(options)
    }

    /// What `learn` takes.
    pub fn learn(&mut self) -> Result<LearnOptions, Failure> {
        let component = self.path("the component and the manifest")?;
        Ok(LearnOptions {
            component: component.to_string_lossy().into_owned(),
            manifest: self.path("the manifest")?,
            time: self.time()?,
            without: self.layers()?,
            json: self.flag("json").is_some(),
            runtime_dir: self.runtime_dir(),
        })
    }

    /// `--for`: seconds, with or without their unit, or minutes.
    fn time(&mut self) -> Result<Duration, Failure> {
        let Some(text) = self.text("for") else {
            return Ok(Duration::from_secs(10));
        };
        let (digits, unit) = match text.strip_suffix("min") {
            Some(digits) => (digits, 60),
            None => (text.strip_suffix('s').unwrap_or(&text), 1),
        };
        match digits.parse::<u32>() {
            Ok(number @ 1..=86_400) => Ok(Duration::from_secs(u64::from(number) * unit)),
            _ => Err(usage(format!("'{text}' is no time")).help("such as --for 30s or 5min")),
        }
    }

    /// What `policy scan` takes.
    fn scan(&mut self) -> Result<PolicyScanOptions, Failure> {
        let policy = self.words.pop_front().map(PathBuf::from);
        let name = self.text("name").ok_or_else(|| {
            usage("scan needs --name, the profile's name").help("such as --name yocto-5.0")
        })?;
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_graphic() && b != b'#') {
            return Err(usage(format!(
                "'{name}' is no name for a profile: one word"
            )));
        }
        let mut note = Vec::new();
        while let Some(line) = self.text("note") {
            note.push(line);
        }
        Ok(PolicyScanOptions {
            policy,
            root: self.flag("root").map(PathBuf::from),
            base: self.text("base").unwrap_or_else(|| name.clone()),
            name,
            note,
            contexts: self.flag("contexts").map(PathBuf::from),
            libsepol: self.text("libsepol"),
            disabled: self
                .text("disabled")
                .map(|words| words.split(',').map(str::to_owned).collect())
                .unwrap_or_default(),
            output: self.flag("output").map(PathBuf::from),
            policy_root: self.flag("policy-root").map(PathBuf::from),
        })
    }

    /// `--target`.
    pub fn target(&mut self) -> Option<String> {
        self.text("target")
    }

    /// The next value of an option, as text.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let word = self.flag(name)?;
        Some(word.to_string_lossy().into_owned())
    }

    /// `--runtime-dir`.
    pub fn runtime_dir(&mut self) -> PathBuf {
        self.flag("runtime-dir")
            .map_or_else(|| RUNTIME_DIR.into(), PathBuf::from)
    }

    /// Every `--without`.
    pub fn layers(&mut self) -> Result<Vec<Layer>, Failure> {
        let mut layers = Vec::new();
        while let Some(word) = self.flag("without") {
            for name in word.to_string_lossy().split(',') {
                layers.push(layer(name)?);
            }
        }
        Ok(layers)
    }

    /// Any layer: that one of the five is needed can be shown only without it.
    #[cfg(feature = "weaken")]
    pub fn weakened(&mut self) -> Result<Vec<Layer>, Failure> {
        let mut layers = Vec::new();
        while let Some(word) = self.flag("weaken") {
            for name in word.to_string_lossy().split(',') {
                layers.push(
                    Layer::from_name(name)
                        .ok_or_else(|| usage(format!("there is no layer '{name}'")))?,
                );
            }
        }
        Ok(layers)
    }

    /// Every `--leave-out`.
    #[cfg(feature = "weaken")]
    pub fn left_out(&mut self) -> Vec<String> {
        let words = std::iter::from_fn(|| self.flag("leave-out"));
        words
            .map(|word| word.to_string_lossy().into_owned())
            .collect()
    }

    /// The next word, which is a path.
    pub fn path(&mut self, what: &str) -> Result<PathBuf, Failure> {
        self.words.pop_front().map(PathBuf::from).ok_or_else(|| {
            let failure = usage(format!("{} needs {what}", self.command));
            failure.help(format!("cordon {} --help shows an example", self.command))
        })
    }

    /// The next value of an option.
    pub fn flag(&mut self, name: &str) -> Option<OsString> {
        let place = self.flags.iter().position(|(flag, _)| *flag == name)?;
        Some(self.flags.remove(place).1)
    }

    /// Refuses what nobody took.
    pub fn finish(self) -> Result<(), Failure> {
        if let Some(word) = self.words.front() {
            let word = word.to_string_lossy();
            return Err(usage(format!("{} does not take '{word}'", self.command)));
        }
        if let Some((flag, _)) = self.flags.first() {
            return Err(usage(format!(
                "{} does not take --{flag}, or not twice",
                self.command
            )));
        }
        Ok(())
    }
}

fn layer(name: &str) -> Result<Layer, Failure> {
    let names = || {
        let may = Layer::ALL.into_iter().filter(|layer| layer.may_be_absent());
        may.map(Layer::name).collect::<Vec<_>>().join(", ")
    };
    match Layer::from_name(name) {
        Some(layer) if layer.may_be_absent() => Ok(layer),
        Some(layer) => Err(usage(format!("the layer {layer} is never absent"))
            .help(format!("layers that may be absent: {}", names()))),
        None => Err(usage(format!("there is no layer '{name}'"))
            .help(format!("layers that may be absent: {}", names()))),
    }
}
