//! A wave on its own time, ready to be drawn.
//!
//! Records of one channel may carry waves of several rates: an array of N
//! samples covers one period, whatever N is. Each sample has a time, so that
//! waves of different rates lie under one another; and a loss, a silent sensor
//! or another life of the writer ends a [`Trace::runs`] run, so that whoever
//! draws one line per run cannot draw across it.

#![forbid(unsafe_code)]

use std::collections::VecDeque;

/// One sample of a wave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// ns of CLOCK_MONOTONIC.
    pub time: u64,
    /// In the field's unit.
    pub value: i64,
}

/// The last stretch of a wave.
#[derive(Clone, Debug)]
pub struct Trace {
    period_ns: u64,
    span_ns: u64,
    most: usize,
    /// Newest last; `true` where a run begins.
    points: VecDeque<(Point, bool)>,
    /// Whether the next point begins a run.
    broken: bool,
    newest: u64,
}

impl Trace {
    /// A trace of `span_ns`, of records that come every `period_ns`; at most
    /// `most` points are kept.
    #[must_use]
    pub fn new(period_ns: u64, span_ns: u64, most: usize) -> Self {
        Self {
            period_ns,
            span_ns,
            most: most.max(1),
            points: VecDeque::new(),
            broken: true,
            newest: 0,
        }
    }

    /// Adds the samples of a record published at `time`, the last of which was
    /// taken then; none where the sensor gave none. `joins` says whether the
    /// record follows the one before without a hole.
    pub fn push(&mut self, time: u64, joins: bool, samples: Option<&[i64]>) {
        // A writer whose clock goes back starts anew, it does not draw backwards.
        self.broken |= !joins || time < self.newest;
        if time < self.newest {
            self.points.clear();
        }
        self.newest = time;
        match samples {
            None | Some([]) => self.broken = true,
            Some(samples) => {
                let count = samples.len() as u64;
                for (index, value) in (1..).zip(samples) {
                    let before = self.period_ns * (count - index) / count;
                    let point = Point {
                        time: time.saturating_sub(before),
                        value: *value,
                    };
                    let begins = std::mem::replace(&mut self.broken, false);
                    self.points.push_back((point, begins));
                }
            }
        }
        let oldest = time.saturating_sub(self.span_ns);
        while let Some((point, _)) = self.points.front() {
            if point.time >= oldest && self.points.len() <= self.most {
                break;
            }
            self.points.pop_front();
        }
    }

    /// Nothing comes any more: whatever comes next does not join.
    pub fn interrupt(&mut self) {
        self.broken = true;
    }

    /// Each stretch without a hole: to be drawn as one line, and never two of
    /// them as one.
    pub fn runs(&self) -> impl Iterator<Item = Vec<Point>> {
        let mut rest = self.points.iter().peekable();
        std::iter::from_fn(move || {
            let (first, _) = rest.next()?;
            let mut run = vec![*first];
            while let Some((point, _)) = rest.next_if(|(_, begins)| !begins) {
                run.push(*point);
            }
            Some(run)
        })
    }

    /// The smallest and the largest value there is.
    #[must_use]
    pub fn range(&self) -> Option<(i64, i64)> {
        let values = || self.points.iter().map(|(point, _)| point.value);
        Some((values().min()?, values().max()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: u64 = 40;

    fn values(trace: &Trace) -> Vec<Vec<i64>> {
        let of = |run: Vec<Point>| run.iter().map(|point| point.value).collect();
        trace.runs().map(of).collect()
    }

    #[test]
    fn records_that_join_make_one_line_and_a_loss_makes_two() {
        let mut trace = Trace::new(PERIOD, 10_000, 1000);
        trace.push(100, false, Some(&[1, 2]));
        trace.push(140, true, Some(&[3, 4]));
        assert_eq!(values(&trace), [vec![1, 2, 3, 4]]);
        trace.push(220, false, Some(&[5]));
        assert_eq!(values(&trace), [vec![1, 2, 3, 4], vec![5]]);
    }

    #[test]
    fn a_silent_sensor_and_an_interruption_break_the_line() {
        let mut trace = Trace::new(PERIOD, 10_000, 1000);
        trace.push(100, true, Some(&[1]));
        trace.push(140, true, None);
        trace.push(180, true, Some(&[2]));
        trace.interrupt();
        trace.push(220, true, Some(&[3]));
        assert_eq!(values(&trace), [vec![1], vec![2], vec![3]]);
    }

    #[test]
    fn waves_of_two_rates_end_at_the_same_time() {
        let (mut fast, mut slow) = (Trace::new(PERIOD, 400, 99), Trace::new(PERIOD, 400, 99));
        fast.push(100, true, Some(&[1, 2, 3, 4]));
        slow.push(100, true, Some(&[9]));
        let times = |trace: &Trace| -> Vec<u64> {
            let points = trace.runs().flatten();
            points.map(|point| point.time).collect()
        };
        assert_eq!(times(&fast), [70, 80, 90, 100]);
        assert_eq!(times(&slow), [100]);
    }

    #[test]
    fn what_is_too_old_or_too_much_is_forgotten_and_a_run_keeps_its_start() {
        let mut trace = Trace::new(PERIOD, 80, 3);
        for number in 1..=10 {
            trace.push(number * PERIOD, true, Some(&[number as i64]));
        }
        assert_eq!(values(&trace), [vec![8, 9, 10]]);
        assert_eq!(trace.range(), Some((8, 10)));
        trace.push(3, true, Some(&[0]));
        assert_eq!(values(&trace), [vec![0]], "a clock that went back");
    }
}
