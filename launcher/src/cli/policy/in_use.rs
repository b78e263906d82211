//! Whether a device runs, and what of it.

use crate::supervisor::runtime::control_socket;
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use std::fmt;
use std::fs;
use std::os::unix::net::UnixStream;
use std::path::Path;

/// What holds a device's policy in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// What it is: the supervisor, or what of a compartment.
    what: String,
    /// Its process.
    pid: i32,
    /// The unit it is in; none outside of systemd's.
    pub unit: Option<String>,
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is process {}", self.what, self.pid)?;
        match &self.unit {
            Some(unit) => write!(f, " of {unit}"),
            None => Ok(()),
        }
    }
}

/// The supervisor that answers for the device, and every process in one of its
/// domains, which a supervisor that was killed leaves running.
pub fn users(runtime: &Path, device: &str, module: &str) -> Vec<User> {
    let supervisor = UnixStream::connect(control_socket(runtime, device))
        .and_then(|socket| Ok(getsockopt(&socket, PeerCredentials)?.pid()));
    let mut users: Vec<User> = supervisor
        .into_iter()
        .map(|pid| user("the supervisor".to_owned(), pid))
        .collect();
    let domains: Vec<&str> = domains(module).collect();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let label = fs::read_to_string(entry.path().join("attr/current")).unwrap_or_default();
        let domain = label.split(':').nth(2);
        if let Some(domain) = domain.filter(|domain| domains.contains(domain)) {
            users.push(user(format!("a component ({domain})"), pid));
        }
    }
    users
}

fn user(what: String, pid: i32) -> User {
    let groups = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
    User {
        what,
        pid,
        unit: unit(&groups),
    }
}

/// The unit that a process's cgroup lies in (cgroups(7): `0::/PATH`).
fn unit(groups: &str) -> Option<String> {
    let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let found = path.split('/').find(|part| part.ends_with(".service"));
    found.map(str::to_owned)
}

/// The domains of the components a module declares.
fn domains(module: &str) -> impl Iterator<Item = &str> {
    let joined = module.lines().filter_map(|line| {
        line.trim()
            .strip_prefix("(typeattributeset cordon_worker (")
    });
    joined.flat_map(|rest| rest.trim_end_matches(')').split(' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::Scratch;
    use std::os::unix::net::UnixListener;

    #[test]
    fn a_supervisor_that_answers_is_named_by_its_process() {
        let scratch = Scratch::new();
        assert_eq!(users(scratch.path(), "monitor", ""), []);
        fs::create_dir(scratch.path().join("monitor")).unwrap();
        let _listener = UnixListener::bind(control_socket(scratch.path(), "monitor")).unwrap();
        let found = users(scratch.path(), "monitor", "");
        let [found] = found.as_slice() else {
            panic!("{found:?}");
        };
        let text = found.to_string();
        let own = format!("the supervisor is process {}", std::process::id());
        assert!(text.starts_with(&own), "{text}");
    }

    #[test]
    fn a_unit_is_read_from_the_cgroup_and_domains_from_the_module() {
        let inside = "0::/system.slice/system-cordon.slice/cordon@monitor.service/supervisor\n";
        assert_eq!(unit(inside).as_deref(), Some("cordon@monitor.service"));
        assert_eq!(unit("0::/user.slice/session-1.scope\n"), None);
        let module = "(typeattributeset domain (a_t))\n(typeattributeset cordon_worker (a_t))\n";
        assert_eq!(domains(module).collect::<Vec<_>>(), ["a_t"]);
    }
}
