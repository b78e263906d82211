//! The last few values, and their median.

use std::collections::VecDeque;

/// At most `capacity` values, the oldest leaving first.
#[derive(Clone, Debug)]
pub struct Window {
    values: VecDeque<f32>,
    capacity: usize,
}

impl Window {
    /// An empty window of `capacity` values, at least one.
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.max(1);
        Self {
            values: VecDeque::with_capacity(capacity),
            capacity,
        }
    }

    /// Adds a value; gives the one that had to leave.
    pub fn push(&mut self, value: f32) -> Option<f32> {
        let leaving = (self.values.len() == self.capacity)
            .then(|| self.values.pop_front())
            .flatten();
        self.values.push_back(value);
        leaving
    }

    /// Forgets the oldest value.
    pub fn drop_oldest(&mut self) {
        self.values.pop_front();
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Forgets all values.
    pub fn clear(&mut self) {
        self.values.clear();
    }

    /// The values, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = f32> + '_ {
        self.values.iter().copied()
    }

    /// Mean; none when empty.
    pub fn mean(&self) -> Option<f32> {
        (!self.is_empty()).then(|| self.iter().sum::<f32>() / self.len() as f32)
    }

    /// Median, of an even number the mean of the middle two; none when empty.
    pub fn median(&self) -> Option<f32> {
        let mut sorted: Vec<f32> = self.iter().collect();
        sorted.sort_by(f32::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.len() {
            0 => None,
            odd if odd % 2 == 1 => Some(sorted[middle]),
            _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_median_of_odd_even_and_none() {
        let mut window = Window::new(3);
        assert_eq!(window.median(), None);
        window.push(3.0);
        window.push(1.0);
        assert_eq!(window.median(), Some(2.0));
        window.push(9.0);
        assert_eq!(window.median(), Some(3.0));
        assert_eq!(window.push(9.0), Some(3.0));
        assert_eq!(window.median(), Some(9.0));
    }
}
