//! Which component a refusal is of.
//!
//! What counts is what the kernel says and the component cannot change: its
//! SELinux domain, its user, which no other component has, and the number the
//! kernel gave its Landlock domain. What its threads call themselves counts for
//! nothing. A process number alone is worth little once the process is gone;
//! where it still runs, its cgroup must be the component's.

use super::record::{Kind, Record};
use super::refusal::Evidence;
use crate::compartment::reaper_user;
use cordon_manifest::plan::Plan;
use cordon_policygen::names;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;

/// Landlock domains that are remembered; each life of a component has one.
const MOST_DOMAINS: usize = 4096;

/// By what a refusal is told to be a component's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The process's SELinux domain.
    SelinuxDomain,
    /// Its user and, since it still runs, its cgroup.
    Cgroup,
    /// Its user, which is the component's alone.
    User,
    /// The Landlock domain, which one of the two above was seen in before.
    LandlockDomain,
}

/// Which part of the device a process is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A component's program, by its place in the plan.
    Component(usize),
    /// Pid 1 of a component's compartment; none where only its domain is known.
    Reaper(Option<usize>),
    /// The supervisor.
    Supervisor,
}

/// Which part it is, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribution {
    /// Part of the device.
    pub part: Part,
    /// How that is known.
    pub by: By,
}

/// What a running system says of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its user.
    pub user: u32,
    /// Its cgroup below the mount.
    pub cgroup: Option<String>,
    /// Whether it has another pid namespace than this process.
    pub apart: bool,
}

/// Tells whose a refusal is.
pub struct Attributor<'a> {
    plan: &'a Plan,
    /// Asks for a process that runs now.
    process: Box<dyn Fn(i32) -> Option<Process> + 'a>,
    landlock: BTreeMap<u64, Part>,
}

impl<'a> Attributor<'a> {
    /// For a device of this system.
    pub fn new(plan: &'a Plan) -> Self {
        Self::with(plan, running)
    }

    /// For a device, with what tells of a process that runs.
    pub fn with(plan: &'a Plan, process: impl Fn(i32) -> Option<Process> + 'a) -> Self {
        Self {
            plan,
            process: Box::new(process),
            landlock: BTreeMap::new(),
        }
    }

    /// Remembers whose a Landlock domain is, where a record says so.
    pub fn learn(&mut self, event: &[Record]) {
        let number = |record: &Record| record.hexadecimal("domain");
        let Some(domain) = event.iter().find_map(number) else {
            return;
        };
        let says_who = |record: &&Record| {
            matches!(record.kind, Kind::LandlockDomain | Kind::Syscall)
                && record.number::<u32>("uid").is_some()
        };
        let Some(record) = event.iter().find(says_who) else {
            return;
        };
        let who = Evidence {
            pid: record.number("pid"),
            user: record.number("uid"),
            domain: None,
            landlock: None,
            command: None,
        };
        if let Some(found) = self.by_user(&who) {
            self.landlock.insert(domain, found.part);
            if self.landlock.len() > MOST_DOMAINS {
                self.landlock.pop_first();
            }
        }
    }

    /// Whose the refusal is; none where it is of nothing this device runs.
    pub fn of(&self, who: &Evidence) -> Option<Attribution> {
        if let Some(domain) = &who.domain {
            return self.by_domain(domain);
        }
        if let Some(found) = self.by_user(who) {
            return Some(found);
        }
        // A record that says whose it is, and it is nobody's here, is not asked further.
        if who.user.is_some() {
            return None;
        }
        let part = self.landlock.get(&who.landlock?)?.clone();
        Some(Attribution {
            part,
            by: By::LandlockDomain,
        })
    }

    fn by_domain(&self, domain: &str) -> Option<Attribution> {
        let part = match domain {
            names::SUPERVISOR => Part::Supervisor,
            names::REAPER => Part::Reaper(None),
            _ => Part::Component(self.plan.components.iter().position(|component| {
                names::domain_type(&self.plan.device, &component.name) == domain
            })?),
        };
        let by = By::SelinuxDomain;
        Some(Attribution { part, by })
    }

    fn by_user(&self, who: &Evidence) -> Option<Attribution> {
        let user = who.user?;
        let mut parts = self.plan.components.iter().enumerate();
        let (index, part) = parts.find_map(|(index, component)| {
            if component.user.value.uid == user {
                Some((index, Part::Component(index)))
            } else if reaper_user(index) == user {
                Some((index, Part::Reaper(Some(index))))
            } else {
                None
            }
        })?;
        let component = &self.plan.components[index].name;
        let end = format!("/{}/{component}", self.plan.device);
        let by = match who.pid.and_then(|pid| (self.process)(pid)) {
            // It is gone, or its number is another's by now.
            None => By::User,
            Some(process) if process.user != user => By::User,
            Some(Process { cgroup: None, .. }) => By::User,
            Some(Process {
                cgroup: Some(path), ..
            }) if path.ends_with(&end) || path.contains(&format!("{end}/")) => By::Cgroup,
            // Without the cgroup layer it stands in its supervisor's, but always in
            // a pid namespace of its own; another program of the same user does not.
            Some(process) if process.apart => By::User,
            Some(_) => return None,
        };
        Some(Attribution { part, by })
    }
}

fn running(pid: i32) -> Option<Process> {
    let folder = format!("/proc/{pid}");
    let read = |file: &str| fs::read_to_string(format!("{folder}/{file}")).ok();
    // The owner of these files is root, whatever the process's user, unless it is dumpable.
    let status = read("status")?;
    let user = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    let namespace = |of: &str| fs::read_link(format!("{of}/ns/pid")).ok();
    Some(Process {
        user: user.split_whitespace().next()?.parse().ok()?,
        cgroup: read("cgroup").and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("0::"))?;
            Some(line.to_owned())
        }),
        apart: namespace(&folder) != namespace("/proc/self"),
    })
}

#[cfg(test)]
pub mod tests {
    use super::super::refusal::tests::event;
    use super::*;
    use crate::denials::testing;

    fn who(pid: Option<i32>, user: Option<u32>) -> Evidence {
        Evidence {
            pid,
            user,
            ..Evidence::default()
        }
    }

    fn process(user: u32, cgroup: &str, apart: bool) -> Option<Process> {
        Some(Process {
            user,
            cgroup: Some(cgroup.to_owned()),
            apart,
        })
    }

    #[test]
    fn a_user_is_a_component_also_after_its_process_is_gone() {
        let plan = testing::plan();
        let display = plan.components[0].user.value.uid;
        let gone = Attributor::with(&plan, |_| None);
        let found = gone.of(&who(Some(7), Some(display))).unwrap();
        assert_eq!(found.part, Part::Component(0));
        assert_eq!(found.by, By::User);
        assert_eq!(gone.of(&who(Some(7), Some(0))), None);
        assert_eq!(gone.of(&who(Some(7), None)), None);
        let reaper = gone.of(&who(None, Some(reaper_user(1)))).unwrap();
        assert_eq!(reaper.part, Part::Reaper(Some(1)));
    }

    #[test]
    fn another_program_of_the_same_user_is_no_component() {
        let plan = testing::plan();
        let user = plan.components[0].user.value.uid;
        let by = |found: Option<Process>| {
            let attributor = Attributor::with(&plan, move |_| found.clone());
            attributor
                .of(&who(Some(7), Some(user)))
                .map(|found| found.by)
        };
        let own = "/system.slice/cordon@x.service/bedside-monitor/vitals-display";
        assert_eq!(by(process(user, own, true)), Some(By::Cgroup));
        assert_eq!(by(process(user, "/user.slice", false)), None);
        assert_eq!(by(process(user, "/cordon", true)), Some(By::User));
        // The number is another's by now.
        assert_eq!(by(process(0, "/user.slice", false)), Some(By::User));
    }

    #[test]
    fn selinux_says_it_before_everything_else() {
        let plan = testing::plan();
        let user = plan.components[0].user.value.uid;
        let attributor = Attributor::with(&plan, |_| None);
        let of = |domain: &str| {
            let mut who = who(None, Some(user));
            who.domain = Some(domain.to_owned());
            attributor.of(&who).map(|found| found.part)
        };
        let network = names::domain_type("bedside-monitor", "network-service");
        assert_eq!(of(&network), Some(Part::Component(1)));
        assert_eq!(of("cordon_supervisor_t"), Some(Part::Supervisor));
        assert_eq!(of("unconfined_t"), None);
    }

    #[test]
    fn a_landlock_domain_is_whose_process_was_seen_in_it() {
        let plan = testing::plan();
        let user = plan.components[1].user.value.uid;
        let mut attributor = Attributor::with(&plan, |_| None);
        let mut refused = who(None, None);
        refused.landlock = Some(0xabc);
        assert_eq!(attributor.of(&refused), None);
        let line = format!(
            "1424 audit(1.002:3): domain=abc status=allocated mode=enforcing pid=9 uid={user} \
             exe=\"/usr/bin/cordon\" comm=\"cordon\""
        );
        attributor.learn(&event(&[&line]));
        let found = attributor.of(&refused).unwrap();
        assert_eq!(found.part, Part::Component(1));
        assert_eq!(found.by, By::LandlockDomain);
        for domain in 0..10_000 {
            let line = format!("1424 audit(1.002:3): domain={domain:x} pid=9 uid={user}");
            attributor.learn(&event(&[&line]));
        }
        assert!(attributor.landlock.len() <= MOST_DOMAINS);
    }
}
