//! Namespaces, limits, cgroup and label of a process.

use super::Proof;
use crate::compartment::Running;
use cordon_manifest::plan::{Layer, Origin};
use nix::sys::resource::Resource;
use std::fs;
use std::path::Path;

/// Namespaces by their /proc/PID/ns names.
const ALL: [&str; 8] = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"];

fn namespace(pid: &str, name: &str) -> String {
    fs::read_link(format!("/proc/{pid}/ns/{name}")).map_or_else(
        |_| "not shown".into(),
        |link| link.to_string_lossy().into_owned(),
    )
}

/// Each namespace is the component's own or the device's, as planned; its own is
/// nobody else's, told by its inode.
pub fn namespaces(proof: &mut Proof, running: &Running, own: &[&str], others: &[(String, i32)]) {
    let pid = running.pid().to_string();
    for name in ALL {
        let found = namespace(&pid, name);
        let with = |other: &&(String, i32)| {
            let other = other.1;
            other != running.pid()
                && Some(other) != running.reaper_pid()
                && namespace(&other.to_string(), name) == found
        };
        let is = if found == "not shown" {
            found.clone()
        } else if found == namespace("self", name) {
            format!("the device's, {found}")
        } else if let Some((other, _)) = others.iter().find(with) {
            format!("that of {other}, {found}")
        } else {
            format!("its own, {found}")
        };
        let wanted = if own.contains(&name) {
            format!("its own, {found}")
        } else {
            format!("the device's, {}", namespace("self", name))
        };
        proof.compare(Layer::Namespaces, name, wanted, is);
    }
    if let Some(reaper) = running.reaper_pid() {
        let found = namespace(&pid, "pid");
        proof.compare(
            Layer::Namespaces,
            "pid 1",
            namespace(&reaper.to_string(), "pid"),
            found,
        );
    }
}

/// /proc/PID/limits.
pub fn limits(proof: &mut Proof, pid: i32, values: &[(&'static str, Resource, u64)]) {
    let text = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap_or_default();
    for (name, _, value) in values {
        let wanted = if *value == libc::RLIM_INFINITY {
            "unlimited".into()
        } else {
            value.to_string()
        };
        let found = text
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .map_or_else(
                || "not shown".into(),
                |rest| {
                    let words: Vec<&str> = rest.split_whitespace().take(2).collect();
                    words.join(" ")
                },
            );
        proof.compare(Layer::Root, name, format!("{wanted} {wanted}"), found);
    }
}

/// /proc/PID/oom_score_adj: a component is not kept alive at the others' cost.
pub fn oom_score(proof: &mut Proof, pid: i32) {
    let found = fs::read_to_string(format!("/proc/{pid}/oom_score_adj"));
    let found = match found.map(|text| text.trim_end().parse::<i32>()) {
        Ok(Ok(0..)) => "not below 0".to_owned(),
        Ok(Ok(below)) => below.to_string(),
        _ => "not shown".to_owned(),
    };
    proof.compare(Layer::Root, "oom_score_adj", "not below 0", found);
}

/// Membership and values of the cgroup.
pub fn cgroup(
    proof: &mut Proof,
    pid: i32,
    path: &Path,
    values: &[(&'static str, String, &Origin)],
) {
    let members = fs::read_to_string(path.join("cgroup.procs")).unwrap_or_default();
    let member = members.lines().any(|line| line == pid.to_string());
    let place = path.display().to_string();
    proof.compare(
        Layer::Cgroup,
        "member of",
        &place,
        if member { &place } else { "another cgroup" },
    );
    for (file, wanted, _) in values {
        let found = fs::read_to_string(path.join(file)).unwrap_or_else(|error| error.to_string());
        proof.compare(Layer::Limits, file, rounded(file, wanted), found.trim());
    }
}

/// memory.max is kept in whole pages, rounded down.
fn rounded(file: &str, value: &str) -> String {
    match value.parse::<u64>() {
        Ok(bytes) if file == "memory.max" => (bytes / 4096 * 4096).to_string(),
        _ => value.to_owned(),
    }
}

/// /proc/PID/attr/current.
pub fn label(proof: &mut Proof, name: &str, pid: i32, context: &str) {
    let found =
        fs::read_to_string(format!("/proc/{pid}/attr/current")).unwrap_or_else(|e| e.to_string());
    proof.compare(
        Layer::Selinux,
        name,
        context,
        found.trim_end_matches(['\0', '\n']),
    );
}
