//! Everything of a module store but Cordon's own: what the assertions are proved
//! on, and by whose change they must be proved again.

use super::store::{is_packed, unpacked};
use super::tools::Tools;
use crate::cli::Failure;
use cordon_policygen::Digest;

/// A line's end, packed by bzip2(1).
const PACKED_END: [u8; 37] = [
    0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, 0x9e, 0x7d, 0x96, 0x9d, 0x00, 0x00,
    0x00, 0x40, 0x00, 0x00, 0x10, 0x20, 0x00, 0x21, 0x18, 0x46, 0x82, 0xee, 0x48, 0xa7, 0x0a, 0x12,
    0x13, 0xcf, 0xb2, 0xd3, 0xa0,
];

/// A module in force.
#[cfg_attr(test, derive(Clone))]
pub struct Module {
    /// Its name.
    pub name: String,
    /// Its priority.
    pub priority: u16,
    /// Its CIL as it is in the store, which may be packed.
    pub content: Vec<u8>,
}

/// The other modules in force, and the settings that semodule(8) compiles in.
pub struct Rest<'t> {
    tools: &'t Tools,
    /// In the order of [`Self::text`].
    modules: Vec<Module>,
    /// Files by name: booleans, users, ports of the administrator's.
    settings: Vec<(String, Vec<u8>)>,
}

/// A rule of somebody's module.
#[derive(Debug, PartialEq, Eq)]
pub struct Culprit {
    /// The module.
    pub module: String,
    /// Its priority.
    pub priority: u16,
    /// The rule.
    pub rule: String,
}

impl<'t> Rest<'t> {
    /// Of what was read from the store.
    pub fn new(
        tools: &'t Tools,
        mut modules: Vec<Module>,
        settings: Vec<(String, Vec<u8>)>,
    ) -> Self {
        // What is not packed stands first, in the text too.
        modules.sort_by_key(|module| is_packed(&module.content));
        Self {
            tools,
            modules,
            settings,
        }
    }

    /// The modules.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// How many modules.
    pub fn count(&self) -> usize {
        self.modules.len()
    }

    /// Its digest: it changes with every module that comes, goes or changes,
    /// and with every setting.
    pub fn digest(&self) -> String {
        let mut digest = Digest::default();
        for module in &self.modules {
            digest.part(module.name.as_bytes());
            digest.part(&module.priority.to_le_bytes());
            digest.part(&module.content);
        }
        digest.part(b"settings");
        for (name, content) in &self.settings {
            digest.part(name.as_bytes());
            digest.part(content);
        }
        digest.digits()
    }

    /// The modules' text, in one piece. Each is ended by a line's end of its own:
    /// its last line may be a comment, which would take in the next one's first.
    pub fn text(&self) -> Result<Vec<u8>, Failure> {
        self.text_of(|_| true)
    }

    /// The same of some of the modules.
    pub fn text_of(&self, which: impl Fn(&Module) -> bool) -> Result<Vec<u8>, Failure> {
        let mut packed = Vec::new();
        let mut plain = Vec::new();
        for module in self.modules.iter().filter(|module| which(module)) {
            // Packed files may stand one after the other as one (bzip2(1)).
            if is_packed(&module.content) {
                packed.extend(&module.content);
                packed.extend(PACKED_END);
            } else {
                plain.extend(&module.content);
                plain.push(b'\n');
            }
        }
        if !packed.is_empty() {
            plain.extend(unpacked(self.tools, packed)?);
        }
        Ok(plain)
    }

    /// The modules' texts, each by itself: takes as long as unpacking each.
    pub fn texts(&self) -> Result<Texts<'_>, Failure> {
        let each = self.modules.iter().map(|module| {
            let bytes = unpacked(self.tools, module.content.clone())?;
            Ok((module, String::from_utf8_lossy(&bytes).into_owned()))
        });
        each.collect::<Result<_, _>>().map(Texts)
    }
}

/// The text of each module.
pub struct Texts<'r>(Vec<(&'r Module, String)>);

impl Texts<'_> {
    /// Whose rule stands in a line (from 1) of [`Rest::text`]. Where it is for a
    /// set of types, and somebody's module put a type into that set, that is
    /// what is named: the rule itself is the distribution's.
    pub fn at(&self, line: usize) -> Option<Culprit> {
        let mut before = 0;
        for (module, text) in &self.0 {
            let count = text.matches('\n').count() + 1;
            if (before + 1..=before + count).contains(&line) {
                let rule = text.lines().nth(line - before - 1)?;
                let culprit = |module: &Module, rule: &str| Culprit {
                    module: module.name.clone(),
                    priority: module.priority,
                    rule: rule.trim().to_owned(),
                };
                return Some(match self.joins(rule) {
                    Some((other, joins)) => culprit(other, joins),
                    None => culprit(module, rule),
                });
            }
            before += count;
        }
        None
    }

    /// A module that is not the distribution's and joins the set that a rule
    /// is for.
    fn joins(&self, rule: &str) -> Option<(&Module, &str)> {
        let source = rule.split_whitespace().nth(1)?;
        let joins = format!("(typeattributeset {source} ");
        let others = self
            .0
            .iter()
            .filter(|(one, _)| one.priority != DISTRIBUTION);
        let mut found = others.filter_map(|(module, text)| {
            let line = text.lines().find(|line| line.trim().starts_with(&joins))?;
            Some((*module, line))
        });
        found.next()
    }
}

/// Priority of a distribution's modules (semodule(8)).
pub const DISTRIBUTION: u16 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn module(name: &str, priority: u16, text: &str) -> Module {
        Module {
            name: name.to_owned(),
            priority,
            content: text.as_bytes().to_vec(),
        }
    }

    fn rest(extra: Option<Module>, booleans: &str) -> Rest<'static> {
        let mut modules = vec![
            module("base", 100, "(type a_t)\n(allow all_t x (file (write)))\n"),
            module("other", 100, "(type b_t)\n"),
        ];
        modules.extend(extra);
        let settings = vec![("booleans.local".to_owned(), booleans.into())];
        Rest::new(&Tools::Here, modules, settings)
    }

    #[test]
    fn the_digest_changes_with_every_module_priority_and_setting() {
        let plain = rest(None, "").digest();
        assert_eq!(plain, rest(None, "").digest());
        for changed in [
            rest(Some(module("gift", 400, "")), ""),
            rest(Some(module("gift", 100, "")), ""),
            rest(Some(module("gift", 400, "(type c_t)")), ""),
            rest(None, "allow_ptrace=1"),
        ] {
            assert_ne!(plain, changed.digest());
        }
        let (one, other) = (
            rest(Some(module("gift", 400, "")), ""),
            rest(Some(module("gift", 300, "")), ""),
        );
        assert_ne!(one.digest(), other.digest());
    }

    /// As libsemanage packs it.
    fn packed(module: Module) -> Module {
        let tools = Tools::Here;
        let output = tools.run("bzip2", ["-9c"], Some(&module.content));
        Module {
            content: output.unwrap().stdout,
            ..module
        }
    }

    #[test]
    fn a_comment_at_a_modules_end_takes_in_nothing_of_the_next() {
        let modules = [
            module("comment", 100, "(type a_t)\n; no line's end"),
            module("gift", 400, "(allow g_t x (file (write)))\n(type g_t)"),
            module("last", 400, "(type b_t)\n"),
        ];
        let plain = Rest::new(&Tools::Here, Vec::from(modules.clone()), Vec::new());
        let packed = modules.map(packed);
        assert!(packed.iter().all(|module| is_packed(&module.content)));
        let packed = Rest::new(&Tools::Here, Vec::from(packed), Vec::new());
        for rest in [plain, packed] {
            let text = String::from_utf8(rest.text().unwrap()).unwrap();
            let texts = rest.texts().unwrap();
            for (number, line) in text
                .lines()
                .enumerate()
                .filter(|(_, line)| !line.is_empty())
            {
                assert_eq!(texts.at(number + 1).unwrap().rule, line);
            }
            let culprit = texts.at(3).unwrap();
            assert_eq!(culprit.module, "gift");
            assert_eq!(culprit.rule, "(allow g_t x (file (write)))");
            assert_eq!(texts.at(5).unwrap().module, "last");
        }
    }

    #[test]
    fn a_line_is_traced_to_its_module_and_to_who_joined_its_set() {
        let gift = module("gift", 400, "(type g_t)\n(allow g_t x (file (write)))");
        let found = rest(Some(gift), "");
        let text = String::from_utf8(found.text().unwrap()).unwrap();
        let line = 1 + text
            .lines()
            .position(|line| line.contains("allow g_t"))
            .unwrap();
        let texts = found.texts().unwrap();
        let culprit = texts.at(line).unwrap();
        assert_eq!((culprit.module.as_str(), culprit.priority), ("gift", 400));
        assert_eq!(culprit.rule, "(allow g_t x (file (write)))");
        assert_eq!(texts.at(99), None);

        let gift = module("gift", 400, "(typeattributeset all_t (g_t))");
        let joined = rest(Some(gift), "");
        let culprit = joined.texts().unwrap().at(2).unwrap();
        assert_eq!(culprit.module, "gift");
        assert_eq!(culprit.rule, "(typeattributeset all_t (g_t))");
        let plain = rest(None, "");
        let culprit = plain.texts().unwrap().at(2).unwrap();
        assert_eq!(culprit.module, "base");
    }
}
