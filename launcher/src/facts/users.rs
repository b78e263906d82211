//! Users of the target, from the tree's own `passwd`.
//!
//! The name service of the machine that checks is not asked: an image is
//! checked against the image's users.

use super::tree::Tree;
use cordon_manifest::facts::UserFact;
use std::collections::BTreeMap;

/// Size in bytes past which a user database is not read on.
const LIMIT: u64 = 4 << 20;

/// What `/etc/passwd` of the target says.
#[derive(Debug, Default)]
pub struct Database {
    by_name: BTreeMap<String, UserFact>,
    primary_group: BTreeMap<u32, u32>,
}

impl Database {
    /// Reads the tree's database; a tree without one has no names.
    pub fn read(tree: &Tree) -> Self {
        // sysusers.d makes users at boot, so an image may have none of them yet.
        let mut database = Self::default();
        for path in ["/etc/passwd", "/usr/lib/passwd"] {
            let bytes = tree.read(path, LIMIT).unwrap_or_default();
            database.add(&String::from_utf8_lossy(&bytes));
        }
        database
    }

    /// passwd(5): name:password:uid:gid:...; the first entry of a name counts.
    fn add(&mut self, text: &str) {
        for line in text.lines() {
            let mut fields = line.split(':');
            let (Some(name), Some(_), Some(uid), Some(gid)) =
                (fields.next(), fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            let (Ok(uid), Ok(gid)) = (uid.parse(), gid.parse()) else {
                continue;
            };
            if name.is_empty() {
                continue;
            }
            let fact = UserFact { uid, gid };
            self.by_name.entry(name.to_owned()).or_insert(fact);
            self.primary_group.entry(uid).or_insert(gid);
        }
    }

    /// Every name with its user, so that an error can point to the nearest one.
    pub fn named(&self) -> impl Iterator<Item = (String, UserFact)> {
        self.by_name
            .iter()
            .map(|(name, fact)| (name.clone(), *fact))
    }

    /// The user of this name or number. A number needs no entry: its group is
    /// the entry's primary group, else the same number.
    pub fn find(&self, user: &str) -> Option<UserFact> {
        if let Some(fact) = self.by_name.get(user) {
            return Some(*fact);
        }
        if !user.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let uid: u32 = user.parse().ok()?;
        let gid = self.primary_group.get(&uid).copied().unwrap_or(uid);
        Some(UserFact { uid, gid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> Database {
        let mut database = Database::default();
        database.add(
            "root:x:0:0::/root:/bin/sh\nvitals:x:970:971::/:/nologin\n\
             broken\n:x:5:5::/:/\nbad:x:-1:4294967296::/:/\nvitals:x:0:0::/:/\n",
        );
        database
    }

    #[test]
    fn a_name_has_its_first_entry() {
        let fact = database().find("vitals").unwrap();
        assert_eq!((fact.uid, fact.gid), (970, 971));
    }

    #[test]
    fn a_number_takes_the_group_of_its_entry_or_its_own() {
        let known = database().find("970").unwrap();
        assert_eq!((known.uid, known.gid), (970, 971));
        let nobody = database().find("64000").unwrap();
        assert_eq!((nobody.uid, nobody.gid), (64000, 64000));
    }

    #[test]
    fn unknown_broken_and_overflowing_users_are_absent() {
        for user in ["nobody-here", "bad", "", "4294967296", "-1", "+5"] {
            let found = database().find(user);
            assert!(found.is_none() || user.is_empty(), "{user}: {found:?}");
        }
    }
}
