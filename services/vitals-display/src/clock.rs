//! Time: the ticks the display lives by, and the time of day it writes down.

use rustix::thread::clock_nanosleep_absolute;
use rustix::time::{ClockId, Timespec, clock_gettime};

/// Nanoseconds of a tick: 25 a second.
pub const TICK_NS: u64 = 40_000_000;
const SECOND_NS: u64 = 1_000_000_000;

/// Nanoseconds of CLOCK_MONOTONIC.
pub fn monotonic() -> u64 {
    nanoseconds(clock_gettime(ClockId::Monotonic))
}

/// Nanoseconds since 1970 of CLOCK_REALTIME.
pub fn realtime() -> u64 {
    nanoseconds(clock_gettime(ClockId::Realtime))
}

/// Sleeps until a time of CLOCK_MONOTONIC, in nanoseconds; not at all when it is past.
/// Absolute, so that a late frame does not make the next one late.
pub fn sleep_until(deadline: u64) {
    let request = Timespec {
        tv_sec: (deadline / SECOND_NS) as i64,
        tv_nsec: (deadline % SECOND_NS) as _,
    };
    // A signal may wake it early: sleep on. No other error is possible with this clock.
    while clock_nanosleep_absolute(rustix::thread::ClockId::Monotonic, &request)
        == Err(rustix::io::Errno::INTR)
    {}
}

fn nanoseconds(time: Timespec) -> u64 {
    time.tv_sec as u64 * SECOND_NS + time.tv_nsec as u64
}

/// `YYYY-MM-DDTHH:MM:SS.mmmZ` of nanoseconds since 1970.
pub fn iso(realtime: u64) -> String {
    let seconds = realtime / SECOND_NS;
    let millis = realtime % SECOND_NS / 1_000_000;
    let (year, month, day) = civil(seconds / 86_400);
    let time = time_of_day((seconds % 86_400) as f64);
    format!("{year:04}-{month:02}-{day:02}T{time}.{millis:03}Z")
}

/// `HH:MM:SS` of seconds after midnight.
pub fn time_of_day(seconds: f64) -> String {
    let seconds = seconds.max(0.0) as u64;
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// Year, month and day of days since 1970 (Howard Hinnant, days from civil, inverted).
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_dates_at_the_edges() {
        assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso(951_782_400 * SECOND_NS), "2000-02-29T00:00:00.000Z");
        assert_eq!(
            iso(1_798_761_599 * SECOND_NS + 999_000_000),
            "2026-12-31T23:59:59.999Z"
        );
    }

    #[test]
    fn test_sleeping_until_the_past_returns() {
        let before = monotonic();
        sleep_until(before - 1);
        sleep_until(before + 2_000_000);
        assert!(monotonic() >= before + 2_000_000);
    }
}
