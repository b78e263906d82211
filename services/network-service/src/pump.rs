//! Between the channels and the service: takes what the display published, passes on what
//! nurses have seen, keeps the supervisor informed. Looks, never waits: the channel wakes
//! nobody, and a display that has died must not take the service's clock with it.

use crate::events;
use crate::exit::{Code, Exit};
use crate::feed::{Absence, Link};
use crate::limits::{RECORDS_PER_TICK, STATE_EVERY, TICK};
use crate::log;
use crate::notify::Notifier;
use crate::record::snapshot;
use crate::service::Service;
use cordon_channel::reading::HEARTBEAT_EVERY_NS;
use cordon_channel::{
    AttachError, Control, ControlEvent, Reader, Reading, Received, Trust, Violation, Writer,
};
use cordon_vitals_record::{FormError, SEEN_REMOTELY_PACE, SeenForm, VITALS_PACE, VitalsForm};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Name of the channel that is read.
pub const VITALS_CHANNEL: &str = "vitals";
/// Name of the channel that is written.
pub const SEEN_CHANNEL: &str = "seen-remotely";
/// The service's ends of its channels.
pub struct Pump {
    service: Rc<Service>,
    notifier: Notifier,
    control: Option<Control>,
    vitals: Option<Reader>,
    vitals_form: VitalsForm,
    seen: Option<Writer>,
    seen_form: SeenForm,
    /// Epoch and number of the last record: what does not follow it leaves a hole in every wave.
    last: Option<(u64, u64)>,
    said: Option<&'static str>,
    state_due: Instant,
    beat_due: Instant,
    watchdog_due: Instant,
    status_due: Instant,
}

impl Pump {
    /// Opens both channels on the control socket; without one there are none, and every
    /// answer says so.
    pub fn new(
        service: Rc<Service>,
        notifier: Notifier,
        mut control: Option<Control>,
    ) -> Result<Self, Exit> {
        let broken = |e: FormError| Exit::new(Code::Schema, format!("built-in schema: {e}"));
        let vitals_form = VitalsForm::new().map_err(broken)?;
        let seen_form = SeenForm::new().map_err(broken)?;
        if control.is_none() {
            log::line("no control socket was inherited: there are no channels");
        }
        let now = Instant::now();
        Ok(Self {
            vitals: control.as_mut().map(|control| {
                // The display is on the trusted side: its own clock says how old a record is.
                let schema = vitals_form.schema();
                control.reader(VITALS_CHANNEL, schema, VITALS_PACE, Trust::Trusted)
            }),
            seen: control.as_mut().map(|control| {
                control.writer(SEEN_CHANNEL, seen_form.schema(), SEEN_REMOTELY_PACE)
            }),
            vitals_form,
            seen_form,
            service,
            notifier,
            control,
            last: None,
            said: None,
            state_due: now,
            beat_due: now,
            watchdog_due: now,
            status_due: now,
        })
    }

    /// Says READY and pumps until something ends the service.
    pub async fn run(mut self) -> Exit {
        if let Err(error) = self.notifier.ready() {
            return Exit::new(Code::System, format!("READY=1 cannot be said: {error}"));
        }
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(exit) = self.tick(Instant::now()) {
                return exit;
            }
        }
    }

    fn tick(&mut self, now: Instant) -> Result<(), Exit> {
        self.attach()?;
        self.take_records()?;
        self.pass_on_seen(now);
        self.say_state(now);
        self.feed_watchdog(now);
        Ok(())
    }

    fn attach(&mut self) -> Result<(), Exit> {
        let Some(control) = &mut self.control else {
            return Ok(());
        };
        for event in control.poll() {
            match event {
                ControlEvent::Attached { channel, epoch, .. } => {
                    log::line(&format!("channel {channel}: attached, epoch {epoch}"));
                }
                ControlEvent::Refused { channel, error, .. } => match &*error {
                    AttachError::Schema(differences) => {
                        return Err(mismatch(&channel, differences));
                    }
                    other => log::line(&format!("channel {channel}: not attached: {other}")),
                },
                ControlEvent::Closed => log::line("the supervisor closed the control socket"),
            }
        }
        Ok(())
    }

    fn take_records(&mut self) -> Result<(), Exit> {
        let Some(reader) = &mut self.vitals else {
            return Ok(());
        };
        for _ in 0..RECORDS_PER_TICK {
            let link = match reader.poll() {
                Reading::Fresh(record) | Reading::Gap { record, .. } => {
                    let before = self.last.replace((record.epoch, record.number));
                    if let Some(hole) = hole(before, &record) {
                        self.service.events.say(hole);
                    }
                    match publish(&self.service, &self.vitals_form, &record) {
                        Ok(()) => continue,
                        Err(link) => link,
                    }
                }
                // Half-written just now: the next look decides, and the deadline runs on.
                Reading::Busy => break,
                Reading::Nothing | Reading::Stale { .. } => Link::Alive,
                Reading::Absent => Link::Absent,
                Reading::Lost => Link::Lost,
                Reading::Corrupt => Link::Corrupt("damaged"),
                Reading::Poisoned => Link::Corrupt("not believable any more"),
                Reading::Schema(Violation::Mismatch(differences)) => {
                    return Err(mismatch(VITALS_CHANNEL, &differences));
                }
                Reading::Schema(Violation::Value(error)) => {
                    log::line(&format!("channel {VITALS_CHANNEL}: {error}"));
                    Link::Corrupt("carrying an impossible value")
                }
            };
            self.service.feed.borrow_mut().link(link);
            break;
        }
        Ok(())
    }

    fn pass_on_seen(&mut self, now: Instant) {
        let Some(writer) = &mut self.seen else { return };
        self.service.seen_open.set(writer.epoch().is_some());
        loop {
            let Some(alarm) = self.service.seen.borrow_mut().pop_front() else {
                break;
            };
            let published = (self.seen_form.to_record(alarm).map_err(|e| e.to_string()))
                .and_then(|record| writer.publish(&record).map_err(|e| e.to_string()));
            if let Err(error) = published {
                log::line(&format!("alarm {alarm}: not passed on: {error}"));
            }
        }
        if now >= self.beat_due {
            self.beat_due = now + Duration::from_nanos(HEARTBEAT_EVERY_NS);
            writer.heartbeat();
        }
    }

    /// While there is no value listeners are told at once, and then every so often: their
    /// silence detector must not mistake a silent display for a lost connection.
    fn say_state(&mut self, now: Instant) {
        let absence = self.service.feed.borrow().current(now).err();
        let word = absence.map_or("current", Absence::word);
        let changed = self.said != Some(word);
        if changed {
            self.said = Some(word);
            log::line(&match absence {
                None => "vitals: current".to_owned(),
                Some(absence) => format!("vitals: {word}: {absence}"),
            });
        }
        if changed || absence.is_some() && now >= self.state_due {
            self.state_due = now + STATE_EVERY;
            self.service.events.say(events::state(absence));
        }
        if changed || now >= self.status_due {
            self.status_due = now + Duration::from_secs(10);
            let (connections, streams) = self.service.admission.counts();
            self.notifier.status(&format!(
                "vitals {word}; {connections} connections, {streams} event streams"
            ));
        }
    }

    fn feed_watchdog(&mut self, now: Instant) {
        if let Some(every) = self.notifier.watchdog_every()
            && now >= self.watchdog_due
        {
            self.watchdog_due = now + every;
            self.notifier.watchdog();
        }
    }
}

/// What listeners are told where a record does not follow the one before: lost in the channel,
/// refused as damaged, or of a display that has started again.
fn hole(before: Option<(u64, u64)>, record: &Received) -> Option<String> {
    let (epoch, number) = before?;
    if epoch != record.epoch {
        return Some(events::restarted());
    }
    let lost = record.number.saturating_sub(number + 1);
    (lost > 0).then(|| events::gap(lost, "records of the display were lost"))
}

fn publish(service: &Service, form: &VitalsForm, record: &Received) -> Result<(), Link> {
    match snapshot(form, record) {
        Ok(snapshot) => {
            service.publish(snapshot);
            Ok(())
        }
        Err(error) => {
            log::line(&format!("channel {VITALS_CHANNEL}: {error}"));
            Err(Link::Corrupt("carrying an incomplete record"))
        }
    }
}

fn mismatch(channel: &str, differences: &[String]) -> Exit {
    let message = format!(
        "channel {channel}: its two ends declare different records: {}",
        differences.join("; ")
    );
    Exit::new(Code::Schema, message)
}
