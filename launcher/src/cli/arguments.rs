//! What was typed.

use super::channel::{self, CodegenOptions};
use super::options::Options;
use super::self_test::{self, SelfTestOptions};
use super::{Exit, Failure};
use cordon_manifest::plan::Layer;
use lexopt::prelude::*;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// A command line that makes sense.
#[derive(Debug)]
pub struct Typed {
    /// What to do.
    pub command: Command,
}

/// The commands.
#[derive(Debug)]
pub enum Command {
    /// Explain the program or one command.
    Help(Topic),
    /// Say the version.
    Version,
    /// All errors of a manifest.
    Check(ManifestOptions),
    /// Everything decided.
    Plan(ManifestOptions),
    /// Write the SELinux module.
    PolicyBuild(PolicyBuildOptions),
    /// Put the SELinux module in force.
    PolicyInstall(PolicyInstallOptions),
    /// Take the SELinux module away.
    PolicyRemove(PolicyRemoveOptions),
    /// Say who asked for each rule.
    PolicyExplain(PolicyExplainOptions),
    /// Say what a change changes in access.
    PolicyDiff(PolicyDiffOptions),
    /// Make a target profile.
    PolicyScan(PolicyScanOptions),
    /// Write the records of channels as code.
    ChannelCodegen(CodegenOptions),
    /// Try what channels rest on.
    SelfTest(SelfTestOptions),
    /// Run a device.
    Run(RunOptions),
    /// How a running device is.
    Status(RunningOptions),
    /// Read back what is in force.
    Verify(RunningOptions),
    /// What was refused, and which line decides.
    Denials(DenialsOptions),
    /// What a component lacks, from a try.
    Learn(LearnOptions),
    /// Stop a running device.
    Stop(RunningOptions),
}

/// What help is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    Program,
    Check,
    Plan,
    Policy,
    Channel,
    SelfTest,
    Run,
    Status,
    Verify,
    Denials,
    Learn,
    Stop,
}

/// Options of `check` and `plan`.
#[derive(Debug)]
pub struct ManifestOptions {
    /// The manifest.
    pub manifest: PathBuf,
    /// Tree of the target.
    pub root: Option<PathBuf>,
    /// JSON instead of text.
    pub json: bool,
}

/// Options of `policy build`.
#[derive(Debug)]
pub struct PolicyBuildOptions {
    /// The manifest.
    pub manifest: PathBuf,
    /// Tree of the target.
    pub root: Option<PathBuf>,
    /// Where the module is written.
    pub output: PathBuf,
    /// Base policy it is for.
    pub target: Option<String>,
    /// Root of a system with that base policy and its tools.
    pub policy_root: Option<PathBuf>,
}

/// Options of `policy install`.
#[derive(Debug)]
pub struct PolicyInstallOptions {
    /// The manifest.
    pub manifest: PathBuf,
    /// An image's tree, whatever kernel runs here; this system by default.
    pub root: Option<PathBuf>,
    /// Base policy it is for.
    pub target: Option<String>,
    /// Whether labels are set.
    pub relabel: bool,
    /// Whether it is installed where nothing can prove it.
    pub unproved: bool,
}

/// Options of `policy remove`.
#[derive(Debug)]
pub struct PolicyRemoveOptions {
    /// The device.
    pub device: String,
    /// An image's tree, whatever kernel runs here; this system by default.
    pub root: Option<PathBuf>,
    /// Whether labels are set.
    pub relabel: bool,
}

/// Options of `policy explain`.
#[derive(Debug)]
pub struct PolicyExplainOptions {
    /// The manifest.
    pub manifest: PathBuf,
    /// Tree of the target.
    pub root: Option<PathBuf>,
    /// Base policy it is for.
    pub target: Option<String>,
    /// Where the base policy itself is.
    pub policy: Option<PathBuf>,
    /// The one component to explain.
    pub component: Option<String>,
    /// JSON instead of text.
    pub json: bool,
}

/// Options of `policy diff`.
#[derive(Debug)]
pub struct PolicyDiffOptions {
    /// What was: a manifest, a plan or a module.
    pub old: PathBuf,
    /// What is to be: likewise.
    pub new: PathBuf,
    /// Tree of the target, of both.
    pub root: Option<PathBuf>,
    /// Base policy of both.
    pub target: Option<String>,
    /// JSON instead of text.
    pub json: bool,
}

/// Options of `policy scan`.
#[derive(Debug)]
pub struct PolicyScanOptions {
    /// A binary policy, a module store, packaged modules or CIL files; the
    /// store of the tree, by default.
    pub policy: Option<PathBuf>,
    /// Tree whose store is meant.
    pub root: Option<PathBuf>,
    /// Name of the profile.
    pub name: String,
    /// The base policy and its version, in words.
    pub base: String,
    /// Where the facts come from, line by line.
    pub note: Vec<String>,
    /// File contexts, where they are not beside the policy.
    pub contexts: Option<PathBuf>,
    /// Version of libsepol on the target.
    pub libsepol: Option<String>,
    /// Modules to leave out.
    pub disabled: Vec<String>,
    /// Where to write.
    pub output: Option<PathBuf>,
    /// Root of a system with tools that read the modules.
    pub policy_root: Option<PathBuf>,
}

/// Options of `run`.
#[derive(Debug)]
pub struct RunOptions {
    /// The manifest.
    pub manifest: PathBuf,
    /// Layers that may be absent.
    pub without: Vec<Layer>,
    /// Base policy the device's module was installed for.
    pub target: Option<String>,
    /// Layers a test build switches off.
    #[cfg(feature = "weaken")]
    pub weaken: Vec<Layer>,
    /// Layers and steps to leave out without telling the proof.
    #[cfg(feature = "weaken")]
    pub leave_out: Vec<String>,
    /// Where sockets and the lock are kept.
    pub runtime_dir: PathBuf,
}

/// Options of `status`, `verify` and `stop`.
#[derive(Debug)]
pub struct RunningOptions {
    /// The device; the only one that runs, by default.
    pub device: Option<String>,
    /// JSON instead of text.
    pub json: bool,
    /// Where sockets and the lock are kept.
    pub runtime_dir: PathBuf,
}

/// Options of `denials`.
#[derive(Debug)]
pub struct DenialsOptions {
    /// A device or a manifest; the only device that runs, by default.
    pub what: Option<String>,
    /// Tree of the target.
    pub root: Option<PathBuf>,
    /// Whether to go on with what happens from now on.
    pub follow: bool,
    /// Whether to switch the kernel's auditing on meanwhile.
    pub enable_audit: bool,
    /// Whether to have failed calls written down meanwhile.
    pub failures: bool,
    /// A log of auditd, instead of this system's.
    pub log: Option<PathBuf>,
    /// The one component.
    pub component: Option<String>,
    /// JSON instead of text.
    pub json: bool,
    /// Where sockets and the lock are kept.
    pub runtime_dir: PathBuf,
}

/// Options of `learn`.
#[derive(Debug)]
pub struct LearnOptions {
    /// The component.
    pub component: String,
    /// The manifest.
    pub manifest: PathBuf,
    /// How long it is watched.
    pub time: Duration,
    /// Layers that may be absent.
    pub without: Vec<Layer>,
    /// JSON instead of text.
    pub json: bool,
    /// Where sockets and the lock are kept.
    pub runtime_dir: PathBuf,
}

/// Where a supervisor keeps its sockets and lock.
pub const RUNTIME_DIR: &str = "/run/cordon";

/// Every option any command takes; each command checks what it was given.
#[derive(Default)]
struct Given {
    words: Vec<OsString>,
    flags: Vec<(&'static str, OsString)>,
    help: bool,
}

/// Reads the command line; the first argument is the program's name.
pub fn typed(arguments: impl IntoIterator<Item = OsString>) -> Result<Typed, Failure> {
    let given = scan(arguments)?;
    let mut words = given.words.iter();
    let Some(name) = words.next() else {
        if given.help {
            return Ok(help(Topic::Program));
        }
        if given.flags.iter().any(|(flag, _)| *flag == "version") {
            return Ok(Typed {
                command: Command::Version,
            });
        }
        return Err(usage("no command").help("cordon --help shows the commands"));
    };
    let name = name.to_string_lossy();
    let rest: Vec<OsString> = words.cloned().collect();
    let topic = match &*name {
        "help" => return about(&rest),
        other => topic(other)?,
    };
    if given.help {
        return Ok(help(topic));
    }
    let mut options = Options {
        words: rest.into(),
        flags: given.flags,
        command: &name,
    };
    let command = match topic {
        Topic::Program => Command::Help(topic),
        Topic::Check => Command::Check(options.manifest()?),
        Topic::Plan => Command::Plan(options.manifest()?),
        Topic::Policy => options.policy()?,
        Topic::Channel => channel::options(&mut options)?,
        Topic::SelfTest => Command::SelfTest(self_test::options(&mut options)?),
        Topic::Run => Command::Run(RunOptions {
            manifest: options.path("the manifest")?,
            without: options.layers()?,
            target: options.target(),
            #[cfg(feature = "weaken")]
            weaken: options.weakened()?,
            #[cfg(feature = "weaken")]
            leave_out: options.left_out(),
            runtime_dir: options.runtime_dir(),
        }),
        Topic::Status => Command::Status(options.running()?),
        Topic::Verify => Command::Verify(options.running()?),
        Topic::Denials => Command::Denials(options.denials()?),
        Topic::Learn => Command::Learn(options.learn()?),
        Topic::Stop => Command::Stop(options.running()?),
    };
    options.finish()?;
    Ok(Typed { command })
}

fn scan(arguments: impl IntoIterator<Item = OsString>) -> Result<Given, Failure> {
    let mut given = Given::default();
    let mut parser = lexopt::Parser::from_iter(arguments);
    let wrong = |error: lexopt::Error| usage(error.to_string());
    while let Some(argument) = parser.next().map_err(wrong)? {
        let flag = match argument {
            Short('h') | Long("help") => {
                given.help = true;
                continue;
            }
            Short('V') | Long("version") => "version",
            Long("json") => "json",
            Long("root") => "root",
            Long("without") => "without",
            Long("runtime-dir") => "runtime-dir",
            Long("target") => "target",
            Long("policy-root") => "policy-root",
            Long("policy") => "policy",
            Long("component") => "component",
            Long("channel") => "channel",
            Long("lang") => "lang",
            Long("contexts") => "contexts",
            Long("libsepol") => "libsepol",
            Long("disabled") => "disabled",
            Long("name") => "name",
            Long("base") => "base",
            Long("note") => "note",
            Long("follow") => "follow",
            Long("enable-audit") => "enable-audit",
            Long("log") => "log",
            Long("failures") => "failures",
            Long("for") => "for",
            Long("no-relabel") => "no-relabel",
            Long("unproved") => "unproved",
            #[cfg(feature = "weaken")]
            Long("weaken") => "weaken",
            #[cfg(feature = "weaken")]
            Long("leave-out") => "leave-out",
            Short('o') | Long("output") => "output",
            Value(word) => {
                given.words.push(word);
                continue;
            }
            other => {
                let failure = usage(other.unexpected().to_string());
                return Err(failure.help("cordon COMMAND --help shows a command's options"));
            }
        };
        let value = match flag {
            "json" | "no-relabel" | "unproved" | "version" | "follow" | "enable-audit"
            | "failures" => OsString::new(),
            _ => parser.value().map_err(wrong)?,
        };
        given.flags.push((flag, value));
    }
    Ok(given)
}

fn topic(name: &str) -> Result<Topic, Failure> {
    Ok(match name {
        "check" => Topic::Check,
        "plan" => Topic::Plan,
        "policy" => Topic::Policy,
        "channel" => Topic::Channel,
        "self-test" => Topic::SelfTest,
        "run" => Topic::Run,
        "status" => Topic::Status,
        "verify" => Topic::Verify,
        "denials" => Topic::Denials,
        "learn" => Topic::Learn,
        "stop" => Topic::Stop,
        _ => {
            let failure = usage(format!("there is no command '{name}'"));
            return Err(failure.help(
                "commands: check, plan, policy, channel, self-test, run, status, verify, denials, learn, stop",
            ));
        }
    })
}

fn about(words: &[OsString]) -> Result<Typed, Failure> {
    let topic = match words.first() {
        None => Topic::Program,
        Some(word) => topic(&word.to_string_lossy())?,
    };
    Ok(help(topic))
}

const fn help(topic: Topic) -> Typed {
    Typed {
        command: Command::Help(topic),
    }
}

/// A command line that is refused.
pub fn usage(message: impl Into<String>) -> Failure {
    Failure::new(Exit::Usage, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, Failure> {
        let words = line.split(' ').map(OsString::from);
        typed(words).map(|typed| typed.command)
    }

    fn refused(line: &str) -> String {
        let failure = parse(line).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        failure.message
    }

    #[test]
    fn options_stand_before_or_after_the_manifest() {
        for line in [
            "cordon plan --json --root /t d.yaml",
            "cordon plan d.yaml --root=/t --json",
        ] {
            let Command::Plan(options) = parse(line).unwrap() else {
                panic!("{line}");
            };
            assert!(options.json);
            assert_eq!(options.root.unwrap(), PathBuf::from("/t"));
            assert_eq!(options.manifest, PathBuf::from("d.yaml"));
        }
    }

    #[test]
    fn layers_repeat_and_those_that_never_lack_are_refused() {
        let line = "cordon run --without selinux --without limits,mdwe d.yaml";
        let Command::Run(options) = parse(line).unwrap() else {
            panic!("no run");
        };
        assert_eq!(
            options.without,
            [Layer::Selinux, Layer::Limits, Layer::Mdwe]
        );
        assert!(refused("cordon run --without seccomp d.yaml").contains("never absent"));
        assert!(refused("cordon run --without magic d.yaml").contains("no layer 'magic'"));
    }

    #[test]
    fn what_a_command_does_not_take_is_refused() {
        assert!(refused("cordon").contains("no command"));
        assert!(refused("cordon start").contains("no command 'start'"));
        assert!(refused("cordon check").contains("needs the manifest"));
        assert!(refused("cordon check a.yaml b.yaml").contains("does not take 'b.yaml'"));
        assert!(refused("cordon check a.yaml --without selinux").contains("--without"));
        assert!(refused("cordon plan --speed a.yaml").contains("--speed"));
        assert!(refused("cordon policy a.yaml").contains("build"));
        assert!(refused("cordon policy install").contains("needs the manifest"));
        assert!(refused("cordon policy install a.yaml -o x").contains("--output"));
        assert!(refused("cordon policy remove").contains("needs the device"));
        assert!(refused("cordon policy remove a --target debian-12").contains("--target"));
        assert!(refused("cordon policy diff a.yaml").contains("needs the new manifest"));
        assert!(refused("cordon policy scan /p").contains("--name"));
        assert!(refused("cordon policy explain a.yaml -o x").contains("--output"));
        assert!(refused("cordon channel").contains("codegen"));
        assert!(refused("cordon channel codegen a.yaml").contains("--lang"));
        assert!(refused("cordon channel codegen --lang ada a.yaml").contains("'ada'"));
        assert!(refused("cordon channel codegen --lang c").contains("needs the manifest"));
        assert!(refused("cordon self-test").contains("channel"));
        assert!(refused("cordon self-test kernel").contains("channel"));
        assert!(refused("cordon run a.yaml --json").contains("--json"));
        assert!(refused("cordon plan a.yaml --root").contains("root"));
    }

    #[test]
    fn help_is_asked_for_in_three_ways() {
        for line in ["cordon run --help", "cordon run -h", "cordon help run"] {
            assert!(
                matches!(parse(line), Ok(Command::Help(Topic::Run))),
                "{line}"
            );
        }
        assert!(matches!(
            parse("cordon --help"),
            Ok(Command::Help(Topic::Program))
        ));
        assert!(matches!(parse("cordon -V"), Ok(Command::Version)));
    }
}
