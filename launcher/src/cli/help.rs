//! Help that teaches: what a command is for, one example, its options.

use super::Exit;
use super::arguments::Topic;
use std::fmt::Write as _;

const PROGRAM: &str = "\
cordon - compartments for the programs of a connected medical device

One YAML manifest says which programs a device runs and what each may touch.
Cordon starts each in a compartment of its own, links them by one-way channels,
proves from outside that the confinement is in force, and keeps them running.

Usage: cordon COMMAND [OPTIONS]

  check DEVICE.yaml          say every error of a manifest, with line and caret
  plan DEVICE.yaml           show everything decided, and which line asked for it
  policy build DEVICE.yaml   write the SELinux module of the device
  policy install DEVICE.yaml put it in force: module store, kernel, labels
  policy remove DEVICE       take it away again
  policy explain DEVICE.yaml say who asked for each rule, and what else is given
  policy diff OLD NEW        say what a change of manifest changes in access
  policy scan [POLICY]       make the profile of a target's base policy
  channel codegen MANIFEST   write the records of its channels as code
  self-test channel          try on this kernel what channels rest on
  run DEVICE.yaml            confine, prove, start and keep the components running
  status [DEVICE]            how a running device is
  verify [DEVICE]            read back what is in force and compare with the plan
  denials [DEVICE]           what was refused, and which line decides
  learn NAME DEVICE.yaml     try a component for a while and say what it lacks
  stop [DEVICE]              stop a running device

cordon COMMAND --help explains a command. The usual order is the one above.

Exit codes:
";

const CHECK: &str = "\
Says every error of a manifest at once, and what would be right.

Usage: cordon check DEVICE.yaml [--root DIR] [--json]

Alone it looks at the manifest only, on any machine. With --root it also asks
the target's tree: programs and their libraries, users, devices.

  cordon check bedside-monitor.yaml
  cordon check bedside-monitor.yaml --root build/image

Options:
  --root DIR   tree of the target; / for this system
  --json       diagnostics as JSON on standard output
";

const PLAN: &str = "\
Shows everything that was decided, and why: the manifest's line, a default of
the role, or what a program needs to run.

Usage: cordon plan DEVICE.yaml [--root DIR] [--json]

  cordon plan bedside-monitor.yaml
  cordon plan bedside-monitor.yaml --root build/image --json

Options:
  --root DIR   tree of the target (default /)
  --json       the plan as JSON: what policy, launcher and evidence read
";

const POLICY: &str = "\
Writes, installs, removes, explains or compares the SELinux module of a device.

Usage: cordon policy build DEVICE.yaml [-o DIR] [--root DIR]
         [--target NAME] [--policy-root DIR]
       cordon policy install DEVICE.yaml [--root DIR] [--target NAME]
         [--no-relabel] [--unproved]
       cordon policy remove DEVICE [--root DIR] [--no-relabel]
       cordon policy explain DEVICE.yaml [--component NAME] [--policy PATH]
         [--root DIR] [--target NAME] [--json]
       cordon policy diff OLD NEW [--root DIR] [--target NAME] [--json]
       cordon policy scan [POLICY] --name NAME [--base TEXT]
         [--libsepol VERSION] [--contexts FILE] [--disabled MODULES]
         [--note TEXT]... [-o FILE] [--root DIR] [--policy-root DIR]

build writes DEVICE.cil, the build-time assertions, the file contexts and the
claims, and compiles them where secilc is installed.

  cordon policy build bedside-monitor.yaml -o build/policy --target debian-13

install proves the assertions on the other modules of the store, which takes
secilc, unless that was done and nothing there has changed since; puts the base
module and the device's into the store when they differ from what is there;
gives the running kernel the result; and labels what the modules name. Where
nothing changed it is done in an instant. The unit cordon-policy@DEVICE runs it
before the device starts. remove is its opposite. What an interrupted run of
either left is done by the next.

  cordon policy install /etc/cordon/bedside-monitor.yaml
  cordon policy install image/etc/cordon/bedside-monitor.yaml --root image
  cordon policy remove bedside-monitor

With --root nothing is asked of the running kernel and nothing loaded into it:
the tree's store is changed by the tree's own tools where they run here. Its
labels are set; where the whole image is labelled later, --no-relabel.

explain says for each rule which line of the manifest, role default or fact
asked for it, and for each component what the base policy gives to every domain:
what of it the module takes away (deny rules, libsepol 3.6), what stays, what of
it matters.

  cordon policy explain bedside-monitor.yaml --component network-service

diff compares two manifests, plans (.json) or modules (.cil): in words, and as
rules. A claim or deny rule that is gone counts as wider. Exits 1 when anything
is wider, 0 when all is the same or narrower, and otherwise as every command.

  cordon policy diff released.yaml changed.yaml

scan reads a base policy and writes what generation needs to know of it, for
--target FILE or /etc/cordon/target. POLICY is a module store (/var/lib/selinux/
NAME), packaged modules (*.pp), CIL files, or a binary policy; without it, the
store of the tree at --root.

  cordon policy scan --root image --name our-image --libsepol 3.8 -o our-image

Options:
  -o, --output DIR   where to write (default: here)
  --root DIR         tree of the target (default: this system)
  --target NAME      base policy of the target: debian-12, debian-13,
                     fedora-targeted, yocto-refpolicy-targeted, or a file that
                     scan wrote (default: the tree's /etc/cordon/target, what
                     its os-release says, else debian-13)
  --policy-root DIR  a system that has this base policy and its tools, for
                     compiling (default: this one)
  --no-relabel       leave all labels as they are
  --unproved         install: go on where secilc is missing and nothing can be
                     proved; without it that is an error
  --component NAME   explain this component alone
  --policy PATH      explain: where the base policy is, as POLICY of scan
                     (default: the policy of the tree at --root, else the
                     target's profile)
  --json             as JSON on standard output
  --name NAME        scan: name of the profile, one word
  --base TEXT        scan: the base policy and its version
  --libsepol VERSION scan: the target's; from 3.6 on there are deny rules
  --contexts FILE    scan: the policy's file_contexts, where not beside it
  --disabled MODULES scan: modules to leave out, separated by commas
  --note TEXT        scan: a line of comment; repeatable
";

const CHANNEL: &str = "\
Writes the records of a device's channels as code.

Usage: cordon channel codegen --lang rust|c [--channel NAME]... [-o FILE]
         DEVICE.yaml

codegen writes a type for each channel: a field's name, unit and range come from
the manifest and nowhere else, and the compiler finds what no longer fits. It
asks nothing of the target.

  cordon channel codegen --lang c -o channels.h bedside-monitor.yaml
  cordon channel codegen --lang rust --channel vitals bedside-monitor.yaml

C and C++ include the header beside <cordon-channel.h> (cordon_channel(3)). Rust
makes it a module over the crate cordon-channel, from a build script:

  let file = Path::new(&env::var(\"OUT_DIR\")?).join(\"channels.rs\");
  Command::new(\"cordon\").args([\"channel\", \"codegen\", \"--lang\", \"rust\"])
      .arg(\"-o\").arg(&file).arg(\"device.yaml\").status()?;
  println!(\"cargo::rerun-if-changed=device.yaml\");

and in the program, which then handles every state or is not compiled:

  include!(concat!(env!(\"OUT_DIR\"), \"/channels.rs\"));
  match reader.now() {
      Now::Fresh { sample, .. } => draw(sample.value.heart_rate),
      Now::Stale { .. } | Now::Lost(_) => draw(None),
  }

A file that is right already is left as it is, time and all.

Options:
  --lang LANGUAGE    rust, or c (for C and C++)
  --channel NAME     this channel alone; repeatable (default: all)
  -o, --output FILE  where to write (default: standard output)
";

const SELF_TEST: &str = "\
Tries on this kernel what a channel rests on.

Usage: cordon self-test channel [--json]

A channel goes one way because the kernel refuses whoever holds a reader's end
to write, resize, punch, seal or map it writable, by the end itself, by its
reopening in /proc, and by the writer's own descriptor once it is sealed. None
of it is believed of a kernel: each is tried, on a channel made for it.

  cordon self-test channel

cordon run does the same each time before the first channel is made, which takes
a millisecond, and starts nothing where one attempt is not answered as it must
be. Nothing is remembered that somebody could forge. It needs no root, and says
what this process meets: confined by SELinux that may be more than the seals.

Options:
  --json   as JSON
";

const RUN: &str = "\
Confines, proves and starts the components of a device, and keeps them running
until SIGTERM, SIGINT or `cordon stop`. Needs root.

Usage: cordon run DEVICE.yaml [--without LAYER]... [--target NAME]
         [--runtime-dir DIR]

A layer that the kernel lacks is an error, unless the manifest (allow-missing)
or --without allows its absence. --without switches nothing off: what the kernel
has is used. Every status then says what is absent.

  cordon run bedside-monitor.yaml
  cordon run bedside-monitor.yaml --without selinux --without limits

Under SELinux it runs only what the policy in force is for: the module that this
manifest gives, asked of the kernel. `cordon policy install` installs it.

Under systemd (Type=notify) READY means: every required component has been
proved and, where it says so itself, is ready.

Options:
  --without LAYER     allow this layer to be absent; repeatable. For a try-out
  --target NAME       base policy that the device's module was installed for
                      (default: what os-release says, else debian-13)
  --runtime-dir DIR   sockets and lock (default /run/cordon)
";

const STATUS: &str = "\
Says how a running device is: components, restarts, channels, absent layers.

Usage: cordon status [DEVICE] [--json] [--runtime-dir DIR]

Options:
  --json              as JSON
  --runtime-dir DIR   sockets and lock (default /run/cordon)
";

const VERIFY: &str = "\
Reads back from outside what is in force in every compartment and compares it
with the plan. Exits 12 when something differs; the manifest's on-difference
says what happens to the component. A running device does the same by itself
every minute, but for the filter, for which a program has to be stopped.

Usage: cordon verify [DEVICE] [--json] [--runtime-dir DIR]

Options:
  --json              as JSON, to be kept as evidence
  --runtime-dir DIR   sockets and lock (default /run/cordon)
";

const DENIALS: &str = "\
Says what the components of a device were refused: which component, what it
tried, which layer refused it, and the line of the manifest that decides, with
what could be written there; or why no manifest can grant it.

Usage: cordon denials [DEVICE|DEVICE.yaml] [--follow [--enable-audit] [--failures]]
         [--component NAME] [--log FILE] [--json] [--root DIR]
         [--runtime-dir DIR]

  cordon denials
  cordon denials bedside-monitor --follow
  cordon denials bedside-monitor.yaml --log audit.log --root build/image

It reads the kernel's audit records: of the past, from the kernel's log and
auditd's; with --follow, from the kernel as they are made, without any auditd.
What the kernel as it stands does not write down is said, too. Needs root.

What a component was refused is what it chose to try. Before a suggestion is
pasted, somebody has to want it.

Options:
  --follow            go on with what happens from now on; until SIGINT
  --enable-audit      switch the kernel's auditing on meanwhile, where it is off:
                      Landlock's refusals are written only then
  --failures          have failed calls that name a path written down meanwhile:
                      what is not in a compartment is seen only so
  --component NAME    this component alone
  --log FILE          a log of auditd, instead of this system's
  --json              as JSON; with --follow one line each
  --root DIR          tree of the target (default /)
  --runtime-dir DIR   sockets and lock (default /run/cordon)
";

const LEARN: &str = "\
Runs a device for a while, with all its confinement, and says what one of its
components lacked: the smallest additions to the manifest, and what no manifest
can grant. A program goes only as far as it is let, so it takes several rounds:
run, read, decide, write into the manifest, again.

Usage: cordon learn COMPONENT DEVICE.yaml [--for TIME] [--without LAYER]...
         [--json] [--runtime-dir DIR]

  cordon learn network-service bedside-monitor.yaml --for 30s

Nothing is let through that the manifest does not grant: the kernel's auditing is
switched on meanwhile, with a rule that has failed calls of the component's user
written down, so that paths it looked for are known. What the kernel does not
write down is said, too. Needs root, and that nothing else runs as the component's
user. Not on a device with a patient on it.

Options:
  --for TIME          how long (default 10s); shorter when the device ends
  --without LAYER     allow this layer to be absent; repeatable. For a try-out
  --json              as JSON
  --runtime-dir DIR   sockets and lock (default /run/cordon)
";

const STOP: &str = "\
Stops a running device: SIGTERM to every component, after its stop-timeout the
whole compartment is killed. Returns when nothing is left. Needs root.

Of a device that is named and whose supervisor was killed it ends what is left
(ExecStopPost=-/usr/bin/cordon stop DEVICE in a unit).

Usage: cordon stop [DEVICE] [--runtime-dir DIR]
";

/// The text about a topic.
pub fn text(topic: Topic) -> &'static str {
    static PROGRAM_TEXT: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    match topic {
        Topic::Program => PROGRAM_TEXT.get_or_init(program),
        Topic::Check => CHECK,
        Topic::Plan => PLAN,
        Topic::Policy => POLICY,
        Topic::Channel => CHANNEL,
        Topic::SelfTest => SELF_TEST,
        Topic::Run => RUN,
        Topic::Status => STATUS,
        Topic::Verify => VERIFY,
        Topic::Denials => DENIALS,
        Topic::Learn => LEARN,
        Topic::Stop => STOP,
    }
}

fn program() -> String {
    let mut text = PROGRAM.to_owned();
    for (exit, meaning) in Exit::TABLE {
        let _ = writeln!(text, "  {:>3}  {meaning}", exit.code());
    }
    text
}
