//! `cordon policy install` and `remove` on an image's tree: a Debian 13 with its
//! own policy and tools, in a kernel that need not have SELinux.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use support::{CORDON, root};

/// A copy of the chroot that policygen's tests keep, with programs to confine.
struct Image(PathBuf);

impl Image {
    fn new(name: &str) -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policygen/tests/debian.sh");
        let output = Command::new(script).arg("trixie").output().unwrap();
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            assert!(std::env::var_os("CI").is_none(), "no chroot: {why}");
            println!("not run: no chroot: {why}");
            return None;
        }
        let chroot = String::from_utf8(output.stdout).unwrap();
        let tree =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        let copied = Command::new("cp")
            .args(["-a", "--reflink=auto", chroot.trim()])
            .arg(&tree)
            .status();
        assert!(copied.unwrap().success());
        let image = Self(tree);
        image.keep_base_alone();
        Some(image)
    }

    /// Leaves the base module alone in the store: a transaction on the whole
    /// policy takes ten times as long and shows no more of the store.
    fn keep_base_alone(&self) {
        let script = "cd /var/lib/selinux/default/active
            find modules/100 -mindepth 1 -maxdepth 1 ! -name base -exec rm -r {} +
            rm -r modules/disabled
            # A login user that belongs to another module.
            bzip2 -dc modules/100/base/cil | grep -v '^(selinuxuser sddm' >/tmp/base
            bzip2 -1 </tmp/base >modules/100/base/cil
            sed -i /sddm/d seusers seusers.linked
            semodule -N -B";
        self.chroot(&["sh", "-euc", script]);
    }

    /// A device with one component, which listens on this port.
    fn device(&self, name: &str, user: u32) -> PathBuf {
        let programs = self.0.join("opt").join(name);
        fs::create_dir_all(programs.join("data")).unwrap();
        fs::copy(self.0.join("usr/bin/sleep"), programs.join("display")).unwrap();
        let text = format!(
            "cordon: 1\ndevice: {name}\ncomponents:\n  display:\n    role: vitals-display\n    \
             exec: [/opt/{name}/display, infinity]\n    user: {user}\n    devices:\n      \
             - {{path: /dev/{name}0, access: write, pass: screen}}\n    files:\n      \
             - {{path: /opt/{name}/data, access: read}}\n"
        );
        let path = self.0.join("etc").join(format!("{name}.yaml"));
        fs::write(&path, text).unwrap();
        path
    }

    fn policy(&self, words: &[&str]) -> Output {
        Command::new(CORDON)
            .arg("policy")
            .args(words)
            .arg("--root")
            .arg(&self.0)
            .env("NO_COLOR", "1")
            .output()
            .unwrap()
    }

    /// What it said; it exited with this code.
    fn says(&self, words: &[&str], code: i32) -> String {
        let output = self.policy(words);
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {text}");
        text
    }

    fn install(&self, manifest: &Path, code: i32) -> String {
        self.says(&["install", manifest.to_str().unwrap()], code)
    }

    /// Names of what Cordon has in the store.
    fn modules(&self) -> Vec<String> {
        let directory = self.store().join("200");
        let Ok(entries) = fs::read_dir(directory) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn store(&self) -> PathBuf {
        self.0.join("var/lib/selinux/default/active/modules")
    }

    /// Runs a program of the tree's.
    fn chroot(&self, arguments: &[&str]) {
        let mut command = Command::new("chroot");
        let output = command.arg(&self.0).args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {text}");
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The lines of setfiles about a path: its label before and after.
fn relabelled<'a>(said: &'a str, path: &str) -> Option<(&'a str, &'a str)> {
    let begin = format!("Relabeled {path} from ");
    let line = said.lines().find_map(|line| line.strip_prefix(&begin))?;
    line.split_once(" to ")
}

#[test]
fn devices_come_and_go_side_by_side_in_an_images_store() {
    if !root() {
        return;
    }
    let Some(image) = Image::new("come-and-go") else {
        return;
    };
    let (first, second) = (
        image.device("first", 61_201),
        image.device("second", 61_202),
    );

    let said = image.install(&first, 0);
    assert!(said.contains("proved: "), "{said}");
    let (_, label) = relabelled(&said, "/opt/first/display").expect(&said);
    assert_eq!(label, "system_u:object_r:cordon_first__display__exec_t:s0");
    assert!(relabelled(&said, "/opt/first/data").is_some(), "{said}");
    assert!(!said.contains("/opt/second"), "only what it names: {said}");
    assert_eq!(image.modules(), ["cordon", "cordon_first"]);

    // Again: nothing differs, so neither compiler nor semodule is run.
    let proved = "proved before, and nothing of the store has changed since";
    let said = image.install(&first, 0);
    assert!(said.contains("installed already"), "{said}");
    assert!(said.contains(proved), "{said}");
    assert!(said.contains("; 0 changed"), "{said}");
    assert!(!said.contains("installing"), "{said}");

    let said = image.install(&second, 0);
    assert!(said.contains("installed cordon_second\n"), "{said}");
    assert_eq!(image.modules(), ["cordon", "cordon_first", "cordon_second"]);

    // A path the manifest no longer names gets back the label it had.
    let text = fs::read_to_string(&first).unwrap();
    fs::write(&first, text.split("    files:").next().unwrap()).unwrap();
    let said = image.install(&first, 0);
    let (_, label) = relabelled(&said, "/opt/first/data").expect(&said);
    assert_eq!(label, "system_u:object_r:usr_t:s0");

    let said = image.says(&["remove", "first"], 0);
    let (_, label) = relabelled(&said, "/opt/first/display").expect(&said);
    assert_eq!(label, "system_u:object_r:usr_t:s0");
    assert_eq!(image.modules(), ["cordon", "cordon_second"]);
    assert!(
        image
            .says(&["remove", "first"], 0)
            .contains("is not installed")
    );
    let said = image.says(&["remove", "second"], 0);
    assert!(said.contains("removed cordon_second and cordon"), "{said}");
    assert_eq!(image.modules(), [""; 0]);
}

#[test]
fn a_store_that_breaks_an_assertion_or_hides_the_module_is_refused() {
    if !root() {
        return;
    }
    let Some(image) = Image::new("refused") else {
        return;
    };
    let device = image.device("first", 61_201);
    image.install(&device, 0);

    // Somebody's module gives the device's program a privilege.
    let gift = "(typeattributeset cil_gen_require cordon_first__display_t)\n\
                (allow cordon_first__display_t self (capability (sys_admin)))\n";
    fs::write(image.0.join("tmp/gift.cil"), gift).unwrap();
    image.chroot(&["semodule", "-N", "-i", "/tmp/gift.cil"]);
    let text = fs::read_to_string(&device).unwrap();
    fs::write(&device, text.split("    files:").next().unwrap()).unwrap();
    let before = fs::read(image.store().join("200/cordon_first/cil")).unwrap();
    let said = image.install(&device, 16);
    assert!(said.contains("a module of the store breaks"), "{said}");
    let after = fs::read(image.store().join("200/cordon_first/cil")).unwrap();
    assert!(before == after, "nothing was installed");

    // Another module of Cordon's, from elsewhere, has the device's types.
    image.chroot(&["semodule", "-N", "-r", "gift"]);
    let copy = image.store().join("400/cordon_copy");
    fs::create_dir_all(&copy).unwrap();
    fs::write(copy.join("cil"), "(type cordon_first__display__exec_t)\n").unwrap();
    let said = image.install(&device, 19);
    assert!(
        said.contains("cordon_copy of priority 400 declares cordon_first__display__exec_t"),
        "{said}"
    );
    assert!(said.contains("semodule -X 400 -r cordon_copy"), "{said}");
    fs::remove_dir_all(&copy).unwrap();

    // Somebody's module has the name of the device's and wins.
    fs::write(
        image.0.join("tmp/cordon_first.cil"),
        "(type cordon_first_x_t)\n",
    )
    .unwrap();
    fs::create_dir_all(image.store().join("400")).unwrap();
    let hiding = image.store().join("400/cordon_first");
    fs::create_dir(&hiding).unwrap();
    let said = image.install(&device, 19);
    assert!(said.contains("semodule -X 400 -r cordon_first"), "{said}");
}

/// Whatever semodule(8) compiles in may change after a device was installed: it
/// is proved again then, and what breaks a claim is named.
#[test]
fn a_store_that_changed_is_proved_again_and_the_rule_is_named() {
    if !root() {
        return;
    }
    let Some(image) = Image::new("proved-again") else {
        return;
    };
    let device = image.device("first", 61_201);
    image.install(&device, 0);
    let add = |name: &str, text: &str| {
        let file = format!("/tmp/{name}.cil");
        fs::write(image.0.join(&file[1..]), text).unwrap();
        image.chroot(&["semodule", "-N", "-i", &file]);
    };

    // A stranger that traces everybody; one who becomes trusted by an attribute;
    // one who changes programs when a boolean says so.
    let stranger = "(type gift_t)\n(roletype system_r gift_t)\n\
                    (typeattributeset domain (gift_t))\n";
    let rule = "(allow gift_t domain (process (ptrace)))";
    let joins = "(typeattributeset files_unconfined_type (gift_t))";
    let write = "(allow gift_t exec_type (file (write)))";
    let gifts = [
        (format!("{stranger}{rule}\n"), "OT-1(first)", rule),
        (format!("{stranger}{joins}\n"), "OT-3(first)", joins),
        (
            format!("{stranger}(boolean gift_on false)\n(booleanif gift_on\n(true\n{write}))\n"),
            "OT-3(first)",
            write,
        ),
    ];
    for (gift, claim, named) in gifts {
        add("gift", &gift);
        let said = image.install(&device, 16);
        assert!(said.contains("installed already"), "{said}");
        assert!(said.contains(claim), "{said}");
        assert!(said.contains("module gift (priority 400): "), "{said}");
        assert!(said.contains(named), "{said}");
        assert!(said.contains("semodule -X 400 -r gift"), "{said}");
    }
    image.chroot(&["semodule", "-N", "-r", "gift"]);
    // One who calls himself trusted where the assertions alone would hear it, and
    // one who is among those whom they leave out.
    let optional = "(optional o (typeattributeset cordon_first__assert_may_trace (gift_t)))";
    let worker = "(typeattributeset cordon_worker (gift_t))";
    for (gift, set) in [
        (optional, "cordon_first__assert_may_trace"),
        (worker, "cordon_worker"),
    ] {
        add("gift", &format!("{stranger}{rule}\n{gift}\n"));
        let said = image.install(&device, 16);
        assert!(said.contains(&format!("names {set}, a set")), "{said}");
        assert!(said.contains("module gift (priority 400)"), "{said}");
        image.chroot(&["semodule", "-N", "-r", "gift"]);
    }
    // In the store, a priority has three digits.
    fs::write(image.0.join("tmp/gift.cil"), format!("{stranger}{rule}\n")).unwrap();
    image.chroot(&["semodule", "-N", "-X", "50", "-i", "/tmp/gift.cil"]);
    let said = image.install(&device, 16);
    assert!(said.contains("module gift (priority 50): "), "{said}");
    image.chroot(&["semodule", "-N", "-X", "50", "-r", "gift"]);
    // As it was: that was proved.
    let before = image.install(&device, 0);
    assert!(before.contains("proved before"), "{before}");

    add("harmless", "(type harmless_t)\n");
    let said = image.install(&device, 0);
    assert!(said.contains("installed already"), "{said}");
    assert!(said.contains("proved: "), "{said}");
    // An administrator's setting.
    let booleans = image.store().join("../booleans.local");
    fs::write(booleans, "secure_mode_insmod=1\n").unwrap();
    assert!(image.install(&device, 0).contains("proved: "));
    assert!(image.install(&device, 0).contains("proved before"));

    // Without the compiler nothing is proved, and so nothing is done unless asked for.
    fs::rename(
        image.0.join("usr/bin/secilc"),
        image.0.join("usr/bin/not-secilc"),
    )
    .unwrap();
    assert!(image.install(&device, 0).contains("proved before"));
    add("harmless", "(type harmless_2_t)\n");
    let said = image.install(&device, 19);
    assert!(said.contains("not proved: secilc"), "{said}");
    assert!(said.contains("--unproved"), "{said}");
    let words = ["install", device.to_str().unwrap(), "--unproved"];
    for _ in 0..2 {
        assert!(image.says(&words, 0).contains("NOT proved: secilc"));
    }
}

/// What was named by a module that is gone stands in no module any more.
#[test]
fn what_an_interrupted_run_left_is_done_by_the_next() {
    if !root() {
        return;
    }
    let Some(image) = Image::new("interrupted") else {
        return;
    };
    let device = image.device("first", 61_201);
    image.install(&device, 0);
    // The modules are exchanged, and then the program is killed.
    let (setfiles, aside) = (
        image.0.join("usr/sbin/setfiles"),
        image.0.join("usr/sbin/setfiles.aside"),
    );
    let interrupted = |words: &[&str]| {
        fs::rename(&setfiles, &aside).unwrap();
        // (semodule asks it, too: whether the new file contexts are valid.)
        let script = "#!/bin/sh\ncase \" $* \" in *\" -c \"*) exec setfiles.aside \"$@\" ;; esac\n\
                      kill -9 $PPID\n";
        fs::write(&setfiles, script).unwrap();
        fs::set_permissions(&setfiles, fs::metadata(&aside).unwrap().permissions()).unwrap();
        let output = image.policy(words);
        fs::rename(&aside, &setfiles).unwrap();
        assert_eq!(output.status.code(), None, "killed: {output:?}");
    };

    let text = fs::read_to_string(&device).unwrap();
    fs::write(&device, text.split("    files:").next().unwrap()).unwrap();
    interrupted(&["install", device.to_str().unwrap()]);
    let said = image.install(&device, 0);
    assert!(said.contains("installed already"), "{said}");
    let (_, label) = relabelled(&said, "/opt/first/data").expect(&said);
    assert_eq!(label, "system_u:object_r:usr_t:s0");

    interrupted(&["remove", "first"]);
    assert_eq!(image.modules(), [""; 0]);
    let said = image.says(&["remove", "first"], 0);
    assert!(said.contains("is not installed"), "{said}");
    let (_, label) = relabelled(&said, "/opt/first/display").expect(&said);
    assert_eq!(label, "system_u:object_r:usr_t:s0");
    let said = image.says(&["remove", "first"], 0);
    assert!(!said.contains("Relabeled"), "{said}");
    let left = fs::read_dir(image.0.join("var/lib/cordon")).unwrap();
    assert_eq!(left.count(), 0);
}

#[test]
fn file_contexts_of_somebody_else_that_win_are_refused_with_the_line() {
    if !root() {
        return;
    }
    let Some(image) = Image::new("contexts") else {
        return;
    };
    let device = image.device("first", 61_201);
    image.install(&device, 0);

    // As semanage fcontext -a leaves them: exact names win over the device's pattern.
    let local = image
        .0
        .join("etc/selinux/default/contexts/files/file_contexts.local");
    let line = |path: &str| format!("{path}\t--\tsystem_u:object_r:bin_t:s0\n");
    fs::write(&local, line("/opt/first/display")).unwrap();
    let said = image.install(&device, 16);
    assert!(
        said.contains("line 6: the system's file contexts label /opt/first/display bin_t"),
        "{said}"
    );
    fs::write(&local, line("/opt/first/data/tool")).unwrap();
    let said = image.install(&device, 16);
    assert!(
        said.contains("line 11: /opt/first/data cannot be labelled as a whole")
            && said.contains("/opt/first/data/tool bin_t"),
        "{said}"
    );
    fs::write(&local, line("/opt/(first|other)/data/keys(/.*)?")).unwrap();
    let said = image.install(&device, 16);
    assert!(
        said.contains("line 11: /opt/first/data cannot be labelled as a whole"),
        "{said}"
    );
    fs::write(&local, line("/opt/first/database")).unwrap();
    image.install(&device, 0);

    // As semanage fcontext -a -e leaves them: a path that is taken for another one.
    let subs = local.with_extension("subs");
    fs::write(&subs, "/opt/first/data/keys /etc/ssh\n").unwrap();
    let said = image.install(&device, 16);
    assert!(
        said.contains("the system's file contexts take /opt/first/data/keys for /etc/ssh"),
        "{said}"
    );
    fs::write(&subs, "/opt/other /opt/first\n").unwrap();
    image.install(&device, 0);
}

#[test]
fn a_tree_without_a_policy_is_refused_with_19_and_the_package() {
    let tree = std::env::temp_dir().join(format!("cordon-no-store-{}", std::process::id()));
    for directory in ["etc", "opt", "dev"] {
        fs::create_dir_all(tree.join(directory)).unwrap();
    }
    let image = Image(tree);
    let said = image.says(&["remove", "first"], 19);
    assert!(
        said.contains("apt install selinux-policy-default"),
        "{said}"
    );
    fs::create_dir_all(image.0.join("etc/selinux")).unwrap();
    fs::write(image.0.join("etc/selinux/config"), "SELINUXTYPE=default\n").unwrap();
    let said = image.says(&["remove", "first"], 19);
    assert!(said.contains("there is no module store"), "{said}");
}
