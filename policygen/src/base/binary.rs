//! A base policy from its binary, as `secilc` and `semodule` write it and the
//! kernel loads it: versions 30 to 35, with or without MLS.

use super::reader::{BinaryError, Reader};
use super::{Base, OPEN};
use crate::ambient::{Ambient, Gathered, SELF};
use crate::trusted::{Act, OBJECT, PROCESS, Trusted, is_part};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

const MAGIC: u32 = 0xf97c_ff8c;
const NAME: &str = "SE Linux";
/// `POLICYDB_CONFIG_MLS`.
const MLS: u32 = 1;
/// `TYPEDATUM_PROPERTY_PRIMARY`, `..._ATTRIBUTE`.
const PRIMARY: u32 = 1;
const ATTRIBUTE: u32 = 2;
/// `AVTAB_ALLOWED`, `AVTAB_XPERMS`.
const ALLOWED: u16 = 1;
const EXTENDED: u16 = 0x0700;
const TCP: u32 = 6;
/// Kernels have some 130 classes. Each gets the names of its common's permissions.
const HIGHEST_CLASS: u32 = 1024;
/// Longest condition: a kernel evaluates ten booleans at most (COND_EXPR_MAXDEPTH).
const LONGEST_CONDITION: usize = 1 << 16;
const DEEPEST_CONDITION: usize = 10;
/// `CEXPR_NAMES`, a part of a constraint that has names with it.
const NAMES: u32 = 5;

/// A class: its permissions by the number of their bit, from 1.
#[derive(Default)]
struct Class {
    name: String,
    permissions: BTreeMap<u32, String>,
}

/// A rule that allows.
struct Rule {
    source: u32,
    target: u32,
    class: u32,
    permissions: u32,
    /// Shared: a condition may hold many rules.
    condition: Option<Rc<str>>,
}

/// What is read of a binary policy. Types and attributes go by their number,
/// from 1.
#[derive(Default)]
pub(super) struct Policy {
    version: u32,
    mls: bool,
    classes: BTreeMap<u32, Class>,
    roles: BTreeSet<String>,
    types: BTreeMap<u32, String>,
    attributes: BTreeMap<u32, String>,
    users: BTreeSet<String>,
    sensitivities: BTreeSet<String>,
    booleans: BTreeMap<u32, String>,
    rules: Vec<Rule>,
    ports: BTreeMap<u16, u32>,
    /// For each type the attributes it is in.
    membership: BTreeMap<u32, BTreeSet<u32>>,
}

impl Policy {
    /// Reads a whole policy; what is of no interest is read over.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, BinaryError> {
        let mut from = Reader::new(bytes);
        if from.u32().ok() != Some(MAGIC) || from.name().ok().as_deref() != Some(NAME) {
            return Err(BinaryError::NotAPolicy);
        }
        let mut policy = Self {
            version: from.u32()?,
            ..Self::default()
        };
        if !(30..=35).contains(&policy.version) {
            return Err(BinaryError::Version(policy.version));
        }
        policy.mls = from.u32()? & MLS != 0;
        let (symbols, contexts) = (from.u32()?, from.u32()?);
        if (symbols, contexts) != (8, 9) {
            return Err(BinaryError::Tables {
                names: symbols,
                contexts,
            });
        }
        from.bitmap()?; // capabilities
        from.bitmap()?; // permissive types
        if policy.version >= 35 {
            from.bitmap()?; // types never audited
        }
        policy.symbols(&mut from)?;
        let count = from.u32()?;
        for _ in 0..count {
            policy.rule(&mut from, None)?;
        }
        policy.conditions(&mut from)?;
        policy.transitions(&mut from)?;
        policy.contexts(&mut from)?;
        policy.membership(&mut from)?;
        Ok(policy)
    }

    fn symbols(&mut self, from: &mut Reader<'_>) -> Result<(), BinaryError> {
        let mut commons: BTreeMap<String, BTreeMap<u32, String>> = BTreeMap::new();
        for table in 0..8 {
            from.skip(1)?;
            let count = from.u32()?;
            for _ in 0..count {
                match table {
                    0 => {
                        let (length, _, _) = (from.u32()?, from.u32()?, from.u32()?);
                        let permissions = from.u32()?;
                        let name = from.string(length)?;
                        commons.insert(name, self::permissions(from, permissions)?);
                    }
                    1 => self.class(from, &commons)?,
                    2 => {
                        let length = from.u32()?;
                        from.skip(2)?;
                        self.roles.insert(from.string(length)?);
                        from.bitmap()?;
                        from.bitmap()?;
                    }
                    3 => {
                        let (length, number, kind) = (from.u32()?, from.u32()?, from.u32()?);
                        from.skip(1)?;
                        let name = from.string(length)?;
                        if kind & ATTRIBUTE != 0 {
                            self.attributes.insert(number, name);
                        } else if kind & PRIMARY != 0 {
                            self.types.insert(number, name);
                        }
                    }
                    4 => {
                        let length = from.u32()?;
                        from.skip(2)?;
                        self.users.insert(from.string(length)?);
                        from.bitmap()?;
                        if self.mls {
                            range(from)?;
                            from.skip(1)?;
                            from.bitmap()?;
                        }
                    }
                    5 => {
                        let number = from.u32()?;
                        from.skip(1)?;
                        self.booleans.insert(number, from.name()?);
                    }
                    6 => {
                        let length = from.u32()?;
                        from.skip(1)?;
                        self.sensitivities.insert(from.string(length)?);
                        from.skip(1)?;
                        from.bitmap()?;
                    }
                    _ => {
                        let length = from.u32()?;
                        from.skip(2)?;
                        from.string(length)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn class(
        &mut self,
        from: &mut Reader<'_>,
        commons: &BTreeMap<String, BTreeMap<u32, String>>,
    ) -> Result<(), BinaryError> {
        let (length, common, number) = (from.u32()?, from.u32()?, from.u32()?);
        if number > HIGHEST_CLASS {
            return Err(BinaryError::Class(number));
        }
        from.skip(1)?;
        let (count, constraints) = (from.u32()?, from.u32()?);
        let name = from.string(length)?;
        let mut all = BTreeMap::new();
        if common > 0 {
            let common = from.string(common)?;
            all.clone_from(commons.get(&common).unwrap_or(&BTreeMap::new()));
        }
        all.extend(permissions(from, count)?);
        self::constraints(from, constraints)?;
        let transitions = from.u32()?;
        self::constraints(from, transitions)?;
        from.skip(4)?; // where a new object's user, role, range and type come from
        let permissions = all;
        self.classes.insert(number, Class { name, permissions });
        Ok(())
    }

    fn rule(
        &mut self,
        from: &mut Reader<'_>,
        condition: Option<&Rc<str>>,
    ) -> Result<(), BinaryError> {
        let (source, target, class, kind) = (from.u16()?, from.u16()?, from.u16()?, from.u16()?);
        if kind & EXTENDED != 0 {
            from.take(2 + 32)?;
            return Ok(());
        }
        let permissions = from.u32()?;
        if kind & ALLOWED != 0 {
            self.rules.push(Rule {
                source: source.into(),
                target: target.into(),
                class: class.into(),
                permissions,
                condition: condition.cloned(),
            });
        }
        Ok(())
    }

    fn conditions(&mut self, from: &mut Reader<'_>) -> Result<(), BinaryError> {
        let count = from.u32()?;
        for _ in 0..count {
            from.skip(1)?;
            // In reverse Polish notation: 1 a boolean, then not, or, and, xor, eq, neq.
            let mut stack: Vec<String> = Vec::new();
            let length = from.u32()?;
            for _ in 0..length {
                let (kind, boolean) = (from.u32()?, from.u32()?);
                let mut operand = || stack.pop().unwrap_or_default();
                let part = match kind {
                    1 => self.booleans.get(&boolean).cloned().unwrap_or_default(),
                    2 => format!("(not {})", operand()),
                    3..=7 => {
                        let (right, left) = (operand(), operand());
                        let operator = ["or", "and", "xor", "eq", "neq"][kind as usize - 3];
                        format!("({operator} {left} {right})")
                    }
                    _ => return Err(BinaryError::Condition),
                };
                if part.len() > LONGEST_CONDITION || stack.len() > DEEPEST_CONDITION {
                    return Err(BinaryError::Condition);
                }
                stack.push(part);
            }
            let holds = stack.pop().unwrap_or_default();
            for condition in [holds.clone(), format!("(not {holds})")].map(Rc::from) {
                let count = from.u32()?;
                for _ in 0..count {
                    self.rule(from, Some(&condition))?;
                }
            }
        }
        Ok(())
    }

    fn transitions(&self, from: &mut Reader<'_>) -> Result<(), BinaryError> {
        let roles = from.u32()?;
        from.skip(4 * roles as usize)?;
        let allowed = from.u32()?;
        from.skip(2 * allowed as usize)?;
        let named = from.u32()?;
        for _ in 0..named {
            from.name()?;
            if self.version < 33 {
                from.skip(4)?;
                continue;
            }
            from.skip(2)?;
            let results = from.u32()?;
            for _ in 0..results {
                from.bitmap()?;
                from.skip(1)?;
            }
        }
        Ok(())
    }

    fn contexts(&mut self, from: &mut Reader<'_>) -> Result<(), BinaryError> {
        for table in 0..9 {
            let count = from.u32()?;
            for _ in 0..count {
                match table {
                    0 => from.skip(1)?,
                    1 | 3 => {
                        from.name()?;
                        self.context(from)?;
                    }
                    2 => {
                        let (protocol, low, high) = (from.u32()?, from.u32()?, from.u32()?);
                        let label = self.context(from)?;
                        if let (TCP, true, Ok(port)) = (protocol, low == high, u16::try_from(low)) {
                            self.ports.insert(port, label);
                        }
                        continue;
                    }
                    4 => from.skip(2)?,
                    5 => {
                        from.skip(1)?;
                        from.name()?;
                    }
                    6 => from.skip(8)?,
                    7 => from.skip(4)?,
                    _ => {
                        let length = from.u32()?;
                        from.skip(1)?;
                        from.string(length)?;
                    }
                }
                self.context(from)?;
            }
        }
        // Contexts of the files of generated file systems.
        let systems = from.u32()?;
        for _ in 0..systems {
            from.name()?;
            let paths = from.u32()?;
            for _ in 0..paths {
                from.name()?;
                from.skip(1)?;
                self.context(from)?;
            }
        }
        Ok(())
    }

    /// A context: its type.
    fn context(&self, from: &mut Reader<'_>) -> Result<u32, BinaryError> {
        from.skip(2)?;
        let label = from.u32()?;
        if self.mls {
            range(from)?;
        }
        Ok(label)
    }

    fn membership(&mut self, from: &mut Reader<'_>) -> Result<(), BinaryError> {
        if self.mls {
            let ranges = from.u32()?;
            for _ in 0..ranges {
                from.skip(3)?;
                range(from)?;
            }
        }
        let highest = self.types.keys().chain(self.attributes.keys()).max();
        for number in 1..=highest.copied().unwrap_or(0) {
            let attributes = from.bitmap()?;
            // Bits count from 0, types and attributes from 1.
            let attributes = attributes.iter().filter_map(|bit| bit.checked_add(1));
            self.membership.insert(number, attributes.collect());
        }
        Ok(())
    }

    /// Whether there is such a type.
    pub(super) fn has_type(&self, name: &str) -> bool {
        self.types.values().any(|other| other == name)
    }

    /// What a type or attribute is allowed, by itself and by every attribute
    /// it is in.
    pub(super) fn allowed(&self, name: &str) -> Vec<Ambient> {
        let named = |table: &BTreeMap<u32, String>| {
            let found = table.iter().find(|(_, other)| *other == name);
            found.map(|(number, _)| *number)
        };
        let Some(number) = named(&self.types).or_else(|| named(&self.attributes)) else {
            return Vec::new();
        };
        let mut sources = BTreeSet::from([number]);
        sources.extend(self.membership.get(&number).into_iter().flatten());
        let mut gathered = Gathered::default();
        for rule in self
            .rules
            .iter()
            .filter(|rule| sources.contains(&rule.source))
        {
            let (Some(class), Some(target)) = (
                self.classes.get(&rule.class),
                self.types
                    .get(&rule.target)
                    .or_else(|| self.attributes.get(&rule.target)),
            ) else {
                continue;
            };
            let permissions = class.permissions.iter();
            let permissions =
                permissions.filter(|(bit, _)| rule.permissions >> (*bit - 1) & 1 == 1);
            let permissions: Vec<String> = permissions.map(|(_, name)| name.clone()).collect();
            let condition = rule.condition.as_deref();
            if sources.contains(&rule.target) {
                gathered.add(SELF, &class.name, permissions.clone(), condition);
            }
            if rule.target != number {
                gathered.add(target, &class.name, permissions, condition);
            }
        }
        gathered.finish()
    }

    /// What every member of an attribute is allowed: by the attribute, and each
    /// on itself, since a binary knows no `self`.
    fn allowed_to_all(&self, attribute: &str) -> Vec<Ambient> {
        let found = self.attributes.iter().find(|(_, name)| *name == attribute);
        let Some((attribute_number, _)) = found else {
            return Vec::new();
        };
        let is_member = |number: &u32| {
            let attributes = self.membership.get(number);
            attributes.is_some_and(|attributes| attributes.contains(attribute_number))
        };
        let members = self.types.keys().filter(|number| is_member(number)).count();
        // On itself: each bit of each class, by how many members have it.
        let mut have: BTreeMap<(u32, u32, Option<&str>), usize> = BTreeMap::new();
        for rule in &self.rules {
            if rule.source == rule.target && is_member(&rule.source) {
                for bit in (1..=32).filter(|bit| rule.permissions >> (bit - 1) & 1 == 1) {
                    let key = (rule.class, bit, rule.condition.as_deref());
                    *have.entry(key).or_default() += 1;
                }
            }
        }
        let mut gathered = Gathered::default();
        for grant in self.allowed(attribute) {
            let condition = grant.condition.as_deref();
            gathered.add(&grant.target, &grant.class, grant.permissions, condition);
        }
        for ((class, bit, condition), count) in have {
            let class = self.classes.get(&class);
            let permission = class.and_then(|class| class.permissions.get(&bit));
            if let (Some(class), Some(permission), true) = (class, permission, count == members) {
                gathered.add(SELF, &class.name, [permission.clone()], condition);
            }
        }
        gathered.finish()
    }

    /// Who may do each act to every member of the attributes that a device's
    /// types join.
    fn trusted(&self) -> Trusted {
        let numbers = |probes: &[&[&str]]| -> BTreeSet<u32> {
            let is_joined = |name: &str| probes.iter().any(|joined| joined.contains(&name));
            let found = self.attributes.iter();
            found
                .filter(|(_, name)| is_joined(name))
                .map(|(number, _)| *number)
                .collect()
        };
        let (process, object) = (numbers(&PROCESS), numbers(&OBJECT));
        let mut trusted: Trusted = Act::ALL.map(|act| (act, BTreeSet::new())).into();
        for rule in &self.rules {
            let Some(class) = self.classes.get(&rule.class) else {
                continue;
            };
            for (act, names) in &mut trusted {
                let targets = if act.is_on_processes() {
                    &process
                } else {
                    &object
                };
                if !targets.contains(&rule.target) {
                    continue;
                }
                let permissions = class.permissions.iter();
                let permissions: Vec<&str> = permissions
                    .filter(|(bit, _)| rule.permissions >> (*bit - 1) & 1 == 1)
                    .map(|(_, name)| name.as_str())
                    .collect();
                if !is_part(*act, &class.name, &permissions) {
                    continue;
                }
                let sources = self.types.iter().filter(|(number, _)| {
                    let attributes = self.membership.get(number);
                    **number == rule.source
                        || attributes.is_some_and(|attributes| attributes.contains(&rule.source))
                });
                names.extend(sources.map(|(_, name)| name.clone()));
            }
        }
        trusted
    }

    /// Types of files that are left out of what is anybody's to read and label.
    fn kept(&self) -> BTreeSet<String> {
        let number = |wanted: &str| {
            let mut found = self.attributes.iter().filter(|(_, name)| *name == wanted);
            found.next().map(|(number, _)| *number)
        };
        let open: Vec<u32> = OPEN.iter().filter_map(|name| number(name)).collect();
        let Some(files) = number("file_type").filter(|_| open.len() == OPEN.len()) else {
            return BTreeSet::new();
        };
        let members = self.membership.iter().filter(|(_, attributes)| {
            attributes.contains(&files) && !open.iter().all(|open| attributes.contains(open))
        });
        members
            .filter_map(|(number, _)| self.types.get(number).cloned())
            .collect()
    }

    /// The facts of it; ambient is what the attribute `every` is allowed.
    pub(super) fn base(self, every: &str) -> Base {
        let ambient = self.allowed_to_all(every);
        let trusted = self.trusted();
        let kept = self.kept();
        let label = |number: &u32| self.types.get(number).cloned();
        Base {
            ambient,
            trusted,
            kept,
            ports: self
                .ports
                .iter()
                .filter_map(|(port, number)| Some((*port, label(number)?)))
                .collect(),
            classes: self
                .classes
                .into_values()
                .map(|class| (class.name, class.permissions.into_values().collect()))
                .collect(),
            types: self.types.into_values().collect(),
            attributes: self.attributes.into_values().collect(),
            users: self.users,
            roles: self.roles,
            sensitivities: self.sensitivities,
        }
    }
}

/// Permissions by the number of their bit.
fn permissions(from: &mut Reader<'_>, count: u32) -> Result<BTreeMap<u32, String>, BinaryError> {
    let mut permissions = BTreeMap::new();
    for _ in 0..count {
        let (length, number) = (from.u32()?, from.u32()?);
        if !(1..=32).contains(&number) {
            return Err(BinaryError::Permission(number));
        }
        permissions.insert(number, from.string(length)?);
    }
    Ok(permissions)
}

fn constraints(from: &mut Reader<'_>, count: u32) -> Result<(), BinaryError> {
    for _ in 0..count {
        from.skip(1)?;
        let parts = from.u32()?;
        for _ in 0..parts {
            let kind = from.u32()?;
            from.skip(2)?;
            if kind == NAMES {
                from.bitmap()?;
                from.bitmap()?;
                from.bitmap()?;
                from.skip(1)?;
            }
        }
    }
    Ok(())
}

/// A range of levels: one level when both ends are the same.
fn range(from: &mut Reader<'_>) -> Result<(), BinaryError> {
    let levels = from.u32()?;
    from.skip(levels as usize)?;
    from.bitmap()?;
    if levels > 1 {
        from.bitmap()?;
    }
    Ok(())
}
