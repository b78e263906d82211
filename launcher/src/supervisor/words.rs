//! What components say: on their notify sockets, their channels' control
//! sockets, and their standard output.

use super::Supervisor;
use super::event::{Event, Kind};
use super::notify::Said;
use super::poll::{Life, Token};
use cordon_channel::endpoint::Fault;
use cordon_channel::hub;

impl Supervisor {
    pub(super) fn hear(&mut self, life: Life, now: u64) {
        let Some(index) = self.current(life) else {
            return;
        };
        for said in self.members[index].hear(&self.poll, life, now) {
            let name = self.members[index].name().to_owned();
            match said {
                Said::Ready => self.say(Event::of(&name, Kind::Ready, "ready")),
                Said::Trigger if self.members[index].component.watchdog.is_some() => {
                    self.silent(index, "asked to be restarted (WATCHDOG=trigger): killed");
                    return;
                }
                _ => {}
            }
        }
    }

    pub(super) fn channels(&mut self, life: Life) {
        let Some(index) = self.current(life) else {
            return;
        };
        let name = self.members[index].name().to_owned();
        for event in self.hub.service(&name) {
            let event = match event {
                hub::Event::Opened { channel, epoch } => {
                    let text = format!("channel {channel} is open, epoch {epoch}");
                    Event::of(&name, Kind::ChannelOpened, text)
                }
                hub::Event::Refused { channel, error } => {
                    let text = format!("channel {channel} is refused: {error}");
                    Event::of(&name, Kind::ChannelRefused, text)
                }
                // Closing it is how every component ends; what it means is said by its exit.
                hub::Event::Ended {
                    fault: Fault::Closed,
                    ..
                } => continue,
                hub::Event::Ended { component, fault } => {
                    let text = format!("gets no more channels in this life: {fault}");
                    Event::of(&component, Kind::ChannelRefused, text)
                }
                hub::Event::Taken { .. } => continue,
            };
            self.say(event);
        }
    }

    pub(super) fn output(&mut self, life: Life, which: usize, token: Token, now: u64) {
        let Some(index) = self.current(life) else {
            return;
        };
        let member = &mut self.members[index];
        let Some(output) = member
            .alive
            .as_mut()
            .and_then(|alive| alive.outputs[which].as_mut())
        else {
            return;
        };
        let portion = output.take(now);
        for line in &portion.lines {
            self.herald.output(&member.component.name, line);
        }
        if portion.dropped > 0 {
            let text = format!("{} lines dropped: it writes too much", portion.dropped);
            self.herald
                .say(&Event::of(&member.component.name, Kind::Suppressed, text));
        }
        if portion.pause {
            member.pause(&self.poll, token, now);
        }
        if portion.closed
            && let Some(alive) = &mut member.alive
        {
            alive.outputs[which] = None;
        }
    }
}
