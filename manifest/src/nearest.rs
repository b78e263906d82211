//! "Did you mean": the nearest of the names there are.

/// The name a typing error away from `word`, if one is near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > 64 {
        return None;
    }
    let lower = word.to_ascii_lowercase().replace('_', "-");
    let bound = (word.chars().count() / 3).max(1);
    names
        .into_iter()
        .filter(|name| name.len() <= 64 && name.len() + bound >= lower.len())
        .map(|name| (distance(&lower, &name.to_ascii_lowercase()), name))
        .filter(|(distance, name)| {
            *distance <= bound || (lower.len() > 2 && name.starts_with(&lower))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Restricted edit distance: insertions, deletions, substitutions, swaps of neighbours.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1)
                .min(rows[i][j - 1] + 1)
                .min(rows[i - 1][j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swapped_letter_is_found() {
        assert_eq!(nearest("devcies", ["devices", "files"]), Some("devices"));
        assert_eq!(
            nearest("stop_timeout", ["stop-timeout", "restart"]),
            Some("stop-timeout")
        );
    }

    #[test]
    fn a_stranger_is_not_guessed_at() {
        assert_eq!(nearest("colour", ["devices", "files"]), None);
    }
}
