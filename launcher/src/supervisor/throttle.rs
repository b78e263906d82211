//! A token bucket: what a component may ask of the supervisor's one thread.

/// Tokens that come back with time.
#[derive(Debug)]
pub struct Throttle {
    capacity: u64,
    per_second: u64,
    level: u64,
    /// Time in ms up to which tokens have come back.
    at: u64,
}

impl Throttle {
    /// A full bucket at `now` in ms.
    pub const fn new(capacity: u64, per_second: u64, now: u64) -> Self {
        Self {
            capacity,
            per_second,
            level: capacity,
            at: now,
        }
    }

    /// Takes `count` tokens if they are there.
    pub fn take(&mut self, count: u64, now: u64) -> bool {
        self.refill(now);
        if self.level < count {
            return false;
        }
        self.level -= count;
        true
    }

    /// Takes what is there of `count` tokens; false when that was not all.
    pub fn spend(&mut self, count: u64, now: u64) -> bool {
        self.refill(now);
        let enough = self.level >= count;
        self.level = self.level.saturating_sub(count);
        enough
    }

    fn refill(&mut self, now: u64) {
        let back = now.saturating_sub(self.at).saturating_mul(self.per_second) / 1000;
        if back > 0 {
            self.level = self.level.saturating_add(back).min(self.capacity);
            self.at = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_back_with_time_up_to_the_capacity() {
        let mut throttle = Throttle::new(3, 10, 0);
        assert!((0..3).all(|_| throttle.take(1, 0)));
        assert!(!throttle.take(1, 99));
        assert!(throttle.take(1, 100));
        assert!(!throttle.take(4, 1_000_000));
        assert!(throttle.take(3, 1_000_000));
    }

    #[test]
    fn asking_often_does_not_starve_the_refill() {
        let mut throttle = Throttle::new(1, 1, 0);
        assert!(throttle.take(1, 0));
        let taken = (1..=5000).filter(|now| throttle.take(1, *now)).count();
        assert_eq!(taken, 5);
        assert!(!throttle.spend(2, 6000));
    }
}
