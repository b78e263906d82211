//! How SELinux stands for the device: refused at the start where it is not as
//! the manifest wants it, and noticed when it changes under a running device.

use super::Supervisor;
use super::event::{Event, Kind};
use super::member::Member;
use super::poll::{Poll, Token};
use crate::cli::{Exit, Failure};
use crate::layers::Layers;
use crate::policy::{self, News, Wanted};
use crate::proof::{Item, Verdict};
use crate::sys::xattr;
use cordon_manifest::plan::{Component, Layer, OnDifference, Plan};
use cordon_policygen::names;
use std::path::Path;

/// What is known of SELinux on this device.
#[derive(Debug)]
pub struct Enforcement {
    /// Whether the kernel has it, enforcing or not.
    is_loaded: bool,
    /// The policy that has to be in force, where the layer is used.
    wanted: Option<Wanted>,
    /// Announcements of changes.
    news: Option<News>,
    /// What does not stand as it should, in words.
    gone: Vec<String>,
}

impl Enforcement {
    /// Refuses a policy in force that is not the manifest's, and domains that
    /// refuse nothing; what may be absent is taken as absent.
    pub fn begin(
        plan: &Plan,
        layers: &mut Layers,
        without: &[Layer],
        policy: Option<Wanted>,
        manifest: &Path,
    ) -> Result<Self, Failure> {
        let is_loaded = policy::is_loaded(layers);
        let mut enforcement = Self {
            is_loaded,
            wanted: None,
            news: None,
            gone: Vec::new(),
        };
        let Some(wanted) = policy else {
            return Ok(enforcement);
        };
        if let Err(error) = wanted.check() {
            let allowed = |one: &Component| policy::may_be_absent(one, without);
            if layers.on(Layer::Selinux) && !plan.components.iter().all(allowed) {
                let (unit, file) = (&plan.device, manifest.display());
                let failure = Failure::new(Exit::PolicyNotInForce, error.to_string());
                return Err(failure.help(format!(
                    "systemctl restart cordon-policy@{unit}, or cordon policy install {file}"
                )));
            }
            if layers.present(Layer::Selinux) {
                layers.lack(Layer::Selinux, error.to_string());
            }
            return Ok(enforcement);
        }
        layers.set_labels();
        if layers.on(Layer::Selinux) {
            if let Some(domain) = policy::another_domain() {
                let wanted = names::SUPERVISOR;
                let text =
                    format!("under SELinux a device is run in {wanted}, and this is {domain}");
                let failure = Failure::new(Exit::NotPermitted, text);
                return Err(failure.help(format!(
                    "systemctl start cordon@{}; if that says the same: restorecon -v /usr/bin/cordon",
                    plan.device
                )));
            }
            let permissive = wanted.permissive(plan);
            let refused = permissive.iter().find(|one| !one.may_be(plan, without));
            if let Some(one) = refused {
                let failure = Failure::new(Exit::LayerMissing, one.to_string());
                return Err(failure.help(format!("semanage permissive -d {}", one.domain)));
            }
            enforcement.gone = permissive.iter().map(ToString::to_string).collect();
        }
        enforcement.wanted = Some(wanted);
        Ok(enforcement)
    }

    /// Hears of changes from now on; false where nobody tells.
    pub fn listen(&mut self, poll: &Poll) -> bool {
        if self.wanted.is_none() {
            return true;
        }
        let news = News::listen().and_then(|news| {
            poll.watch(&news, Token::Policy)?;
            Ok(news)
        });
        self.news = news.ok();
        self.news.is_some()
    }

    /// What does not stand as it should, in words.
    pub fn gone(&self) -> &[String] {
        &self.gone
    }

    /// Whether the kernel could protect more than it does.
    pub fn is_degraded(&self, layers: &Layers) -> bool {
        self.is_loaded && (!layers.on(Layer::Selinux) || !self.gone.is_empty())
    }

    /// The items of a component's proof.
    pub fn proof(&self, component: &Component, layers: &Layers, without: &[Layer]) -> Vec<Item> {
        match &self.wanted {
            Some(wanted) if layers.on(Layer::Selinux) => wanted.proof(component, without),
            _ => Vec::new(),
        }
    }

    /// Refuses a component whose files carry other labels than the policy's.
    pub fn check_labels(&self, component: &Component, layers: &Layers) -> Result<(), Failure> {
        let Some(wanted) = self.wanted.as_ref().filter(|_| layers.on(Layer::Selinux)) else {
            return Ok(());
        };
        let wrong = policy::mislabelled(wanted, component);
        match Failure::mislabelled(&wrong) {
            Some(mut failure) => {
                failure.message = format!("component {}: {}", component.name, failure.message);
                Err(failure)
            }
            None => Ok(()),
        }
    }

    fn look(&self, plan: &Plan) -> Vec<String> {
        let Some(wanted) = &self.wanted else {
            return Vec::new();
        };
        let mut gone = Vec::new();
        if !policy::is_enforcing() {
            gone.push("SELinux has become permissive: it logs and refuses nothing".to_owned());
        }
        if let Err(error) = wanted.check() {
            gone.push(error.to_string());
        }
        let permissive = wanted.permissive(plan);
        gone.extend(permissive.iter().map(ToString::to_string));
        gone
    }
}

/// Whether an item is about the kernel, and so nothing that another start of
/// the component would mend.
pub fn is_of_the_kernel(item: &Item) -> bool {
    item.layer == Layer::Selinux && policy::OF_THE_KERNEL.contains(&item.name.as_str())
}

impl Supervisor {
    /// The kernel announced a change: it is looked at, and every compartment
    /// with it.
    pub(super) fn enforcement_changed(&mut self) {
        if let Some(news) = &self.enforcement.news {
            news.take();
        }
        self.look_at_enforcement();
        if self.layers.on(Layer::Selinux) {
            self.verify();
        }
    }

    /// Says what changed since the last look.
    pub(super) fn look_at_enforcement(&mut self) {
        if !self.layers.on(Layer::Selinux) {
            return;
        }
        let gone = self.enforcement.look(&self.plan);
        if gone == self.enforcement.gone {
            return;
        }
        let event = if gone.is_empty() {
            Event::device(
                Kind::EnforcementBack,
                "SELinux stands again as it did at the start",
            )
        } else {
            Event::device(Kind::EnforcementLost, gone.join("; "))
        };
        self.enforcement.gone = gone;
        self.say(event);
    }

    /// How SELinux stands for a component that is about to start otherwise than
    /// when the device was started: one that fails closed is not started.
    pub(super) fn check_enforcement(
        &self,
        component: &Component,
    ) -> Result<Option<String>, Failure> {
        let proof = self
            .enforcement
            .proof(component, &self.layers, &self.without);
        let different = |item: &&Item| item.verdict == Verdict::Different;
        let Some(item) = proof.iter().find(different) else {
            return Ok(None);
        };
        let text = item.difference();
        if component.on_difference.value != OnDifference::Stop {
            return Ok(Some(text));
        }
        let text = format!("component {}: {text}", component.name);
        Err(Failure::new(Exit::Different, text))
    }

    /// Labels of the channels a component is an end of, read back.
    pub(super) fn channel_labels(&self, member: &Member) -> Vec<Item> {
        if !self.layers.labels() {
            return Vec::new();
        }
        let name = member.name();
        let ends = self.plan.channels.iter().filter(|channel| {
            channel.from.value == name || channel.to.iter().any(|to| to.value == name)
        });
        let item = |channel: &cordon_manifest::plan::Channel| {
            let memory = self.hub.memory(&channel.name)?;
            let expected = names::channel_context(&self.plan.device, &channel.name);
            let found = match xattr::label_of(memory) {
                Ok(found) => found.unwrap_or_else(|| "no label".to_owned()),
                Err(errno) => errno.desc().to_owned(),
            };
            Some(Item {
                layer: Layer::Selinux,
                name: format!("channel {}", channel.name),
                verdict: if found == expected {
                    Verdict::Same
                } else {
                    Verdict::Different
                },
                expected,
                found,
            })
        };
        ends.filter_map(item).collect()
    }
}
