//! What is in force in a running device: read back on demand and every minute, and
//! what follows when it is not as planned.

use super::Supervisor;
use super::enforcement::is_of_the_kernel;
use super::event::{Event, Kind};
use super::member::State;
use super::report::{ComponentProof, ProofItem, Verification};
use crate::compartment::Host;
use crate::proof::{Manner, Proof};

impl Supervisor {
    /// Reads back every compartment, and does what the manifest says about one
    /// that differs.
    pub(super) fn verify(&mut self) -> Verification {
        self.look_at_enforcement();
        let others = self.first_processes();
        let read: Vec<_> = (0..self.members.len())
            .map(|index| self.read_back(index, &others, Manner::Stopping))
            .collect();
        let member = |(index, read): (usize, &Option<(i32, Proof)>)| {
            let member = &self.members[index];
            ComponentProof {
                name: member.component.name.clone(),
                pid: read.as_ref().map(|(pid, _)| *pid),
                same: match read {
                    Some((_, proof)) => proof.differences().next().is_none(),
                    // One that was ended because it differed did not become as
                    // planned by it.
                    None => member.state != State::Held,
                },
                items: match read {
                    Some((_, proof)) => proof.items.iter().map(ProofItem::of).collect(),
                    None => Vec::new(),
                },
            }
        };
        let components: Vec<_> = read.iter().enumerate().map(member).collect();
        let verification = Verification {
            device: self.plan.device.clone(),
            same: components.iter().all(|component| component.same),
            absent_layers: self.absent_layers(),
            components,
        };
        for (index, read) in read.into_iter().enumerate() {
            if let Some((_, proof)) = read {
                self.judge(index, &proof);
            }
        }
        verification
    }

    /// The proof of one component when its minute is over. It is not stopped for it.
    pub(super) fn prove_again(&mut self, index: usize) {
        let others = self.first_processes();
        if let Some((_, proof)) = self.read_back(index, &others, Manner::Passing) {
            self.judge(index, &proof);
        }
    }

    /// What is in force for a component; none when it does not run.
    fn read_back(
        &mut self,
        index: usize,
        others: &[(String, i32)],
        manner: Manner,
    ) -> Option<(i32, Proof)> {
        let now = self.now();
        let member = &self.members[index];
        let mut selinux = self
            .enforcement
            .proof(&member.component, &self.layers, &self.without);
        selinux.extend(self.channel_labels(member));
        let host = Host {
            layers: &self.layers,
            cgroup_root: self.cgroups.root(),
            others: others.to_vec(),
        };
        let alive = self.members[index].alive.as_mut()?;
        alive.proved = now;
        let pid = alive.running.pid();
        let mut proof = alive.running.verify(&host, manner)?;
        proof.items.extend(selinux);
        Some((pid, proof))
    }

    /// Does what the manifest says where something differs, and tells what is news.
    fn judge(&mut self, index: usize, proof: &Proof) {
        // What another start may mend counts before what it cannot.
        let mut differences = proof.differences();
        let first = differences.find(|item| !is_of_the_kernel(item));
        let first = first.or_else(|| proof.differences().next());
        let Some(alive) = self.members[index].alive.as_mut() else {
            return;
        };
        let what = first.map(|item| item.difference());
        let known = alive.differs == what;
        let before = std::mem::replace(&mut alive.differs, what.clone());
        match (first, what) {
            (Some(item), Some(what)) => {
                self.differs(index, &what, !is_of_the_kernel(item), known);
            }
            _ if before.is_some() => {
                let name = self.members[index].name();
                let event = Event::of(name, Kind::SameAgain, "is again as planned");
                self.say(event);
            }
            _ => {}
        }
    }
}
