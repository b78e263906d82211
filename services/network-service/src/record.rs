//! From the channel's record to a [`Snapshot`].

use crate::snapshot::{Alarm, Priority, Snapshot, Source};
use cordon_channel::Received;
use cordon_vitals_record::{
    Alarm as Condition, FormError, Kind, Priority as Urgency, Source as Input, VitalsForm,
};
use std::time::{Duration, Instant, SystemTime};

/// What a record says, aged by the time it has lain in the channel.
///
/// # Errors
/// When a field that always has a value has none.
pub fn snapshot(form: &VitalsForm, received: &Received) -> Result<Snapshot, FormError> {
    let vitals = form.from_record(received)?;
    let age = Duration::from_nanos(received.age);
    let (now, at) = (Instant::now(), SystemTime::now());
    let priority = vitals.alarm_priority.map_or(Priority::None, priority);
    let samples = |wave: &[i16]| wave.iter().copied().map(i32::from).collect();
    Ok(Snapshot {
        epoch: received.epoch,
        number: received.number,
        received: now.checked_sub(age).unwrap_or(now),
        at: at.checked_sub(age).unwrap_or(at),
        source: match vitals.source {
            Input::Record => Source::Record,
            Input::Demo => Source::Demo,
        },
        speed: vitals.speed,
        samples: vitals.samples,
        beat: vitals.beat,
        numerics: vitals.numerics.fields().map(|(_, value)| value),
        waves: [
            vitals.ecg.as_ref().map(|wave| samples(wave)),
            vitals.abp.as_ref().map(|wave| samples(wave)),
            vitals.pleth.as_ref().map(|wave| samples(wave)),
            vitals.resp.as_ref().map(|wave| samples(wave)),
        ],
        priority,
        alarms: vitals
            .alarms
            .iter()
            .map(|id| alarm(*id, priority))
            .collect(),
    })
}

fn priority(urgency: Urgency) -> Priority {
    match urgency {
        Urgency::Low => Priority::Low,
        Urgency::Medium => Priority::Medium,
        Urgency::High => Priority::High,
    }
}

/// An alarm by its id. One this service does not know (an older build beside a newer
/// display) is shown all the same, as urgently as the display says anything is.
fn alarm(id: u32, highest: Priority) -> Alarm {
    match Condition::from_id(id) {
        Some(condition) => Alarm {
            id,
            priority: priority(condition.priority()),
            technical: condition.kind() == Kind::Technical,
            text: condition.text().to_owned(),
        },
        None => Alarm {
            id,
            priority: highest.max(Priority::Low),
            technical: false,
            text: format!("ALARM {id}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Numeric;
    use cordon_vitals_record::Numerics;

    #[test]
    fn the_numerics_are_in_the_records_order() {
        let fields = Numerics::default().fields().map(|(name, _)| name);
        assert_eq!(fields, Numeric::ALL.map(Numeric::field));
    }

    #[test]
    fn an_unknown_alarm_is_shown_as_urgently_as_any() {
        assert_eq!(alarm(999, Priority::High).priority, Priority::High);
        assert_eq!(alarm(999, Priority::None).priority, Priority::Low);
        assert_eq!(alarm(101, Priority::High).text, "ASYSTOLE");
    }
}
