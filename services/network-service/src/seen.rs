//! "A nurse has seen alarm N": the one thing said towards the bedside.
//!
//! It changes nothing there but a mark beside the alarm, and still it is rationed: over all
//! clients to less than the channel's pace, and per certificate to what a person can click,
//! so that one station cannot take the others' share.

use crate::admission::Client;
use crate::limits::{SEEN_BURST_PER_CLIENT, SEEN_CLIENTS, SEEN_RATE};
use std::collections::VecDeque;
use std::time::Instant;

/// A bucket of permissions that fills with time.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    level: f64,
    size: f64,
    per_second: f64,
    seen: Instant,
}

impl Bucket {
    fn full(size: u32, per_second: u32, now: Instant) -> Self {
        Self {
            level: f64::from(size),
            size: f64::from(size),
            per_second: f64::from(per_second),
            seen: now,
        }
    }

    fn refill(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.seen).as_secs_f64();
        self.level = (self.level + elapsed * self.per_second).min(self.size);
        self.seen = now;
    }
}

/// Who may say how much.
#[derive(Debug)]
pub struct Ration {
    all: Bucket,
    clients: VecDeque<(Client, Bucket)>,
}

impl Ration {
    /// Full buckets.
    pub fn new(now: Instant) -> Self {
        // One at a time: a burst would let the display see more than the pace in a second.
        Self {
            all: Bucket::full(1, SEEN_RATE, now),
            clients: VecDeque::new(),
        }
    }

    /// Whether `client` may say something at `now`; takes the permission if so.
    pub fn take(&mut self, client: &Client, now: Instant) -> bool {
        let known = self.clients.iter().position(|(known, _)| known == client);
        let (_, mut own) = match known.and_then(|at| self.clients.remove(at)) {
            Some(known) => known,
            None => (client.clone(), Bucket::full(SEEN_BURST_PER_CLIENT, 1, now)),
        };
        own.refill(now);
        self.all.refill(now);
        let granted = own.level >= 1.0 && self.all.level >= 1.0;
        if granted {
            own.level -= 1.0;
            self.all.level -= 1.0;
        }
        // Most recent last; the one silent for longest is forgotten, its bucket long full.
        self.clients.push_back((client.clone(), own));
        if self.clients.len() > SEEN_CLIENTS {
            self.clients.pop_front();
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;
    use std::time::Duration;

    /// Tries every 50 ms for `seconds`, returns how many were granted.
    fn granted(ration: &mut Ration, clients: &[Client], seconds: u64) -> usize {
        let start = Instant::now();
        (0..seconds * 20)
            .flat_map(|n| clients.iter().map(move |client| (n, client)))
            .filter(|(n, client)| ration.take(client, start + Duration::from_millis(n * 50)))
            .count()
    }

    #[test]
    fn one_certificate_gets_its_burst_and_then_one_a_second() {
        let mut ration = Ration::new(Instant::now());
        let client: Client = Rc::from(*b"a");
        let count = granted(&mut ration, &[client], 10);
        assert!((12..=13).contains(&count), "{count}");
    }

    #[test]
    fn all_certificates_together_stay_below_the_channels_pace() {
        let mut ration = Ration::new(Instant::now());
        let clients: Vec<Client> = (0..40u8).map(|n| Rc::from([n])).collect();
        let count = granted(&mut ration, &clients, 10);
        assert!(count <= 41, "{count}");
        assert!(ration.clients.len() <= SEEN_CLIENTS);
    }
}
