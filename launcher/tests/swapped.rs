//! What stands behind a mount is proved too: a source that is swapped once the
//! compartment runs leaves place, attributes and peer groups as they were.

mod support;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns, unshare};
use serde_json::Value;
use std::fs;
use support::{Stage, root};

const BODY: &str = "role: vitals-display\nexec: [COMPONENT, ready]\non-difference: alarm\n\
                    files:\n  - {path: STAGE/data, access: read}\n  - {path: /scratch, access: write, size: 1M}";

/// Does something in the mount namespace of a process, and comes back.
fn inside(pid: i64, act: impl FnOnce() + Send) {
    let namespace = fs::File::open(format!("/proc/{pid}/ns/mnt")).unwrap();
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            // A mount namespace is entered by who shares no root with others.
            unshare(CloneFlags::CLONE_FS).unwrap();
            setns(&namespace, CloneFlags::CLONE_NEWNS).unwrap();
            act();
        });
        thread.join().unwrap();
    });
}

fn swap(place: &str, flags: MsFlags, options: &str) {
    umount2(place, MntFlags::MNT_DETACH).unwrap();
    mount(Some("tmpfs"), place, Some("tmpfs"), flags, Some(options)).unwrap();
}

fn different(verified: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let items = verified["components"][0]["items"].as_array().unwrap();
    let items = items.iter().filter(|item| item["verdict"] == "different");
    items
        .map(|item| {
            assert_eq!(item["layer"], "root", "{item}");
            (
                text(&item["name"]),
                text(&item["expected"]),
                text(&item["found"]),
            )
        })
        .collect()
}

#[test]
fn a_source_swapped_under_a_running_component_is_named() {
    if !root() {
        return;
    }
    let stage = Stage::new("swapped");
    fs::create_dir(stage.path.join("data")).unwrap();
    stage.manifest(&[("one", BODY)], "");
    let mut device = stage.start();
    device.wait_for("is ready");
    let pid = device.component(0)["pid"].as_i64().unwrap();
    assert_eq!(device.json("verify")["same"], true);

    // The file is still the same one under another name.
    let data = stage.path.join("data");
    let renamed = stage.path.join("renamed");
    fs::rename(&data, &renamed).unwrap();
    assert_eq!(device.json("verify")["same"], true, "only its name changed");

    let data = data.display().to_string();
    let safe = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    inside(pid, || swap(&data, safe | MsFlags::MS_RDONLY, ""));
    let found = different(&device.json("verify"));
    let [(name, expected, found)] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(name, &data);
    let attributes = "ro,nosuid,nodev,noexec of ";
    assert!(
        expected.starts_with(&format!("{attributes}{data} (directory, inode ")),
        "{expected}"
    );
    assert!(
        found.starts_with(&format!("{attributes}/ of tmpfs ")),
        "{found}"
    );

    // A tmpfs of the same size in place of the component's own is another too.
    inside(pid, || swap("/scratch", safe, "size=1m"));
    let names: Vec<String> = different(&device.json("verify"))
        .into_iter()
        .map(|(name, _, _)| name)
        .collect();
    assert_eq!(names, [data, "/scratch".to_owned()]);
    assert!(device.stop().success(), "{}", device.log());
    stage.assert_nothing_left();
}
