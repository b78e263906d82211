//! Whether a type that is about to be declared is another module's of the store
//! already: one of Cordon's under another name, which the compiler would only
//! call a duplicate.

use super::store::Store;
use crate::cli::{Exit, Failure};
use std::collections::BTreeSet;

/// Refuses where a module of Cordon's but `named` declares a type that one of
/// `texts` declares, and says which.
pub fn undeclared(store: &Store<'_>, named: &[&str], texts: &[&str]) -> Result<(), Failure> {
    let wanted: BTreeSet<&str> = texts.iter().flat_map(|text| declared(text)).collect();
    for (priority, module, text) in store.of_cordon(named)? {
        let same: Vec<&str> = declared(&text)
            .filter(|name| wanted.contains(name))
            .collect();
        if let [first, rest @ ..] = same.as_slice() {
            let more = match rest.len() {
                0 => String::new(),
                count => format!(" and {count} more"),
            };
            return Err(Failure::new(
                Exit::PolicyStore,
                format!(
                    "the module {module} of priority {priority} declares {first}{more}, which {} is about to declare",
                    named.join(" or ")
                ),
            )
            .help(format!("remove it: semodule -X {priority} -r {module}")));
        }
    }
    Ok(())
}

/// The types that a module's text declares.
fn declared(text: &str) -> impl Iterator<Item = &str> {
    let statements = text
        .lines()
        .filter(|line| !line.trim_start().starts_with(';'))
        .flat_map(|line| line.split('('));
    statements.filter_map(|statement| {
        let name = statement.strip_prefix("type ")?;
        name.split([')', ' ']).find(|word| !word.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::declared;

    #[test]
    fn types_are_read_from_a_modules_text() {
        let text = ";; (type not_t)\n(type a_t)\n    (optional x (type b_t))\n\
                    (typeattribute c)\n(roletype object_r a_t)\n";
        assert_eq!(declared(text).collect::<Vec<_>>(), ["a_t", "b_t"]);
    }
}
