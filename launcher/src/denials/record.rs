//! One audit record: what the kernel writes, taken apart without trusting it.
//!
//! A component chooses parts of the text: the name of its thread (`comm`), names
//! of files it asks for, names of sockets. The kernel writes such a text in
//! quotes when it holds no quote, blank or control character, and in hexadecimal
//! otherwise (audit_log_untrustedstring in kernel/audit.c). So what stands in
//! quotes ends at the next quote, and a record in which anything is left over,
//! or stands twice, is none of the kernel's and is refused whole.

use std::fmt;

/// Longest record the kernel sends (MAX_AUDIT_MESSAGE_LENGTH, linux/audit.h).
const LONGEST: usize = 8970;
/// More fields than any record of these kinds has.
const MOST_FIELDS: usize = 64;

/// What makes the records of one event one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// Seconds since 1970.
    pub seconds: u64,
    /// Milliseconds of that second.
    pub milliseconds: u16,
    /// The kernel's number of the event since boot.
    pub serial: u64,
}

/// The kinds that say something of a refusal (linux/audit.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 1300: the system call in which it happened.
    Syscall,
    /// 1302: a path that the system call named.
    Path,
    /// 1307: the working directory.
    Cwd,
    /// 1320: no more records of this event.
    End,
    /// 1326: a system-call filter answered.
    Seccomp,
    /// 1400: SELinux denied (other modules use the number too).
    Avc,
    /// 1423: Landlock denied.
    LandlockAccess,
    /// 1424: a Landlock domain appeared or ended.
    LandlockDomain,
}

impl Kind {
    const ALL: [(Self, u16, &'static str); 8] = [
        (Self::Syscall, 1300, "SYSCALL"),
        (Self::Path, 1302, "PATH"),
        (Self::Cwd, 1307, "CWD"),
        (Self::End, 1320, "EOE"),
        (Self::Seccomp, 1326, "SECCOMP"),
        (Self::Avc, 1400, "AVC"),
        (Self::LandlockAccess, 1423, "LANDLOCK_ACCESS"),
        (Self::LandlockDomain, 1424, "LANDLOCK_DOMAIN"),
    ];

    /// The kind of this number; none for what says nothing of a refusal.
    pub fn from_number(number: u16) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, known, _)| *known == number)?;
        Some(found.0)
    }

    /// The kind by the name auditd's log gives it.
    pub fn from_name(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, _, known)| *known == name)?;
        Some(found.0)
    }
}

/// Why a text is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// Longer than the kernel writes.
    TooLong,
    /// Holds a byte the kernel encodes.
    Bytes,
    /// Does not begin with `audit(SECONDS.MILLISECONDS:SERIAL): `.
    Stamp,
    /// Something that is no `key=value`.
    Field,
    /// A key stands twice.
    Twice,
    /// A quote without its end.
    Quote,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "longer than a record",
            Self::Bytes => "holds bytes that the kernel would encode",
            Self::Stamp => "has no stamp",
            Self::Field => "holds something that is no field",
            Self::Twice => "has a field twice",
            Self::Quote => "a quote does not end",
        })
    }
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Which event it belongs to.
    pub stamp: Stamp,
    /// What it says something of.
    pub kind: Kind,
    /// What stands before the fields of an AVC record between the braces.
    pub permissions: Vec<String>,
    fields: Vec<(String, Value)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    /// Stood in quotes.
    Quoted(String),
    /// Did not.
    Bare(String),
}

impl Record {
    /// Reads `audit(SECONDS.MILLISECONDS:SERIAL): FIELDS`; none for what is no
    /// refusal, such as a permission that was granted and audited.
    pub fn parse(kind: Kind, text: &[u8]) -> Result<Option<Self>, Malformed> {
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        // What auditd adds for people stands behind a group separator.
        let text = text.split(|byte| *byte == 0x1d).next().unwrap_or_default();
        if text.len() > LONGEST {
            return Err(Malformed::TooLong);
        }
        if !text.iter().all(|byte| (0x20..0x7f).contains(byte)) {
            return Err(Malformed::Bytes);
        }
        let text = std::str::from_utf8(text).map_err(|_| Malformed::Bytes)?;
        let (stamp, mut rest) = stamp(text).ok_or(Malformed::Stamp)?;
        let mut permissions = Vec::new();
        if kind == Kind::Avc {
            match refused(rest) {
                Some((found, fields)) => {
                    permissions = found.split_whitespace().map(str::to_owned).collect();
                    rest = fields;
                }
                None => return Ok(None),
            }
        }
        Ok(Some(Self {
            stamp,
            kind,
            permissions,
            fields: fields(rest)?,
        }))
    }

    fn value(&self, key: &str) -> Option<&Value> {
        let found = self.fields.iter().find(|(known, _)| known == key)?;
        Some(&found.1)
    }

    /// A value the kernel makes itself: numbers, contexts, words.
    pub fn word(&self, key: &str) -> Option<&str> {
        match self.value(key)? {
            Value::Bare(word) => Some(word),
            Value::Quoted(_) => None,
        }
    }

    /// A decimal number.
    pub fn number<T: std::str::FromStr>(&self, key: &str) -> Option<T> {
        self.word(key)?.parse().ok()
    }

    /// A number in hexadecimal digits, with `0x` or without.
    pub fn hexadecimal(&self, key: &str) -> Option<u64> {
        let word = self.word(key)?;
        u64::from_str_radix(word.strip_prefix("0x").unwrap_or(word), 16).ok()
    }

    /// A text that somebody else chose: quoted, or in hexadecimal. Control
    /// characters in it are shown and do nothing.
    pub fn text(&self, key: &str) -> Option<String> {
        match self.value(key)? {
            Value::Quoted(text) => Some(text.clone()),
            Value::Bare(word) if word.starts_with('(') => None,
            Value::Bare(word) => Some(shown(&decoded(word)?)),
        }
    }
}

fn stamp(text: &str) -> Option<(Stamp, &str)> {
    let (inside, rest) = text.strip_prefix("audit(")?.split_once("):")?;
    let (time, serial) = inside.split_once(':')?;
    let (seconds, milliseconds) = time.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if ![seconds, milliseconds, serial].into_iter().all(digits) || milliseconds.len() != 3 {
        return None;
    }
    let stamp = Stamp {
        seconds: seconds.parse().ok()?,
        milliseconds: milliseconds.parse().ok()?,
        serial: serial.parse().ok()?,
    };
    Some((stamp, rest))
}

/// Permissions and fields of `avc:  denied  { PERMISSIONS } for  FIELDS`.
fn refused(text: &str) -> Option<(&str, &str)> {
    let rest = text.trim_start().strip_prefix("avc:  denied  { ")?;
    let (permissions, fields) = rest.split_once(" } for ")?;
    Some((permissions, fields))
}

fn fields(text: &str) -> Result<Vec<(String, Value)>, Malformed> {
    let mut fields: Vec<(String, Value)> = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=').ok_or(Malformed::Field)?;
        let of_key = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        if key.is_empty() || !key.bytes().all(of_key) {
            return Err(Malformed::Field);
        }
        if fields.iter().any(|(known, _)| known == key) {
            return Err(Malformed::Twice);
        }
        let value;
        (value, rest) = match after.strip_prefix('"') {
            Some(inner) => {
                let (text, after) = inner.split_once('"').ok_or(Malformed::Quote)?;
                if !after.is_empty() && !after.starts_with(' ') {
                    return Err(Malformed::Quote);
                }
                (Value::Quoted(text.to_owned()), after)
            }
            None => {
                let (word, after) = after.split_once(' ').unwrap_or((after, ""));
                if word.contains('"') {
                    return Err(Malformed::Quote);
                }
                (Value::Bare(word.to_owned()), after)
            }
        };
        if fields.len() == MOST_FIELDS {
            return Err(Malformed::TooLong);
        }
        fields.push((key.to_owned(), value));
        rest = rest.trim_start();
    }
    Ok(fields)
}

fn decoded(word: &str) -> Option<Vec<u8>> {
    let digits = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    if word.is_empty() || !word.len().is_multiple_of(2) || !digits {
        return None;
    }
    (0..word.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&word[at..at + 2], 16).ok())
        .collect()
}

/// A text of unknown origin as a line on a terminal may show it.
fn shown(bytes: &[u8]) -> String {
    let mut text = String::new();
    for c in String::from_utf8_lossy(bytes).chars() {
        // What turns the direction of text around hides what it says.
        let turns = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || turns {
            text.extend(c.escape_unicode());
        } else {
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(kind: Kind, text: &str) -> Result<Option<Record>, Malformed> {
        Record::parse(kind, text.as_bytes())
    }

    #[test]
    fn a_seccomp_record_of_linux_6_18_is_read() {
        let record = parse(
            Kind::Seccomp,
            "audit(1795471352.280:38572911): auid=4294967295 uid=61102 gid=61102 \
             ses=4294967295 pid=22104 comm=\"cordon-attack\" \
             exe=\"/opt/cordon-test-attack-22091/bin/cordon-attack\" sig=0 arch=c000003e \
             syscall=303 compat=0 ip=0x7f6c8cef9829 code=0x50000",
        );
        let record = record.unwrap().unwrap();
        assert_eq!(record.stamp.serial, 38_572_911);
        assert_eq!(record.number::<u32>("uid"), Some(61102));
        assert_eq!(record.text("comm").as_deref(), Some("cordon-attack"));
        assert_eq!(record.hexadecimal("code"), Some(0x50000));
        assert_eq!(record.hexadecimal("arch"), Some(0xc000_003e));
    }

    #[test]
    fn landlocks_records_of_linux_6_18_are_read() {
        let access = parse(
            Kind::LandlockAccess,
            "audit(1795489489.653:38574150): domain=171c683b8 blockers=fs.ioctl_dev \
             path=\"/dev/null\" dev=\"devtmpfs\" ino=3 ioctlcmd=0x5401",
        );
        let access = access.unwrap().unwrap();
        assert_eq!(access.hexadecimal("domain"), Some(0x1_71c6_83b8));
        assert_eq!(access.text("path").as_deref(), Some("/dev/null"));
        let domain = parse(
            Kind::LandlockDomain,
            "audit(1795489489.289:38574140): domain=171c683b8 status=allocated mode=enforcing \
             pid=11126 uid=0 exe=\"/usr/bin/cordon\" comm=\"cordon\"\n",
        );
        assert_eq!(domain.unwrap().unwrap().number("pid"), Some(11126));
    }

    #[test]
    fn a_denial_of_selinux_is_read_and_a_grant_is_none() {
        let text = "audit(1.002:3): avc:  denied  { map write } for  pid=9 comm=\"reader\" \
                    path=2F6D656D66643A766974616C73202864656C6574656429 dev=\"tmpfs\" ino=7 \
                    scontext=system_u:system_r:a_t:s0 tcontext=system_u:object_r:b_t:s0 \
                    tclass=file permissive=0";
        let record = parse(Kind::Avc, text).unwrap().unwrap();
        assert_eq!(record.permissions, ["map", "write"]);
        assert_eq!(
            record.text("path").as_deref(),
            Some("/memfd:vitals (deleted)")
        );
        // From a virtual machine with Debian's policy, permissive at that time.
        let real = "audit(1795494308.200:6): avc:  denied  { add_name } for  pid=1 comm=\"init\" \
                    name=\"lib\" scontext=system_u:system_r:kernel_t:s0 \
                    tcontext=system_u:object_r:cordon_root_t:s0 tclass=dir permissive=1";
        let record = parse(Kind::Avc, real).unwrap().unwrap();
        assert_eq!(record.permissions, ["add_name"]);
        assert_eq!(record.word("tclass"), Some("dir"));
        let granted = text.replace("denied", "granted");
        assert_eq!(parse(Kind::Avc, &granted), Ok(None));
        let other = "audit(1.002:3): apparmor=\"DENIED\" operation=\"open\" pid=9";
        assert_eq!(parse(Kind::Avc, other), Ok(None));
    }

    #[test]
    fn what_a_component_calls_itself_makes_no_field() {
        // prctl(PR_SET_NAME, "x\" uid=0 pid=1"): the kernel writes it in hexadecimal.
        let honest = "audit(1.002:3): uid=5 pid=9 comm=7822207569643D3020706964 syscall=1";
        let record = parse(Kind::Seccomp, honest).unwrap().unwrap();
        assert_eq!(record.number("uid"), Some(5));
        assert_eq!(record.text("comm").as_deref(), Some("x\" uid=0 pid"));
        // Were it not, the record would be refused, not believed.
        let forged = "audit(1.002:3): uid=5 pid=9 comm=\"x\" uid=0 pid=1\" syscall=1";
        assert_eq!(parse(Kind::Seccomp, forged), Err(Malformed::Twice));
    }

    #[test]
    fn what_is_no_record_is_refused_by_its_reason() {
        for (text, reason) in [
            ("", Malformed::Stamp),
            ("audit(1.2:3): a=1", Malformed::Stamp),
            ("audit(1.002:): a=1", Malformed::Stamp),
            ("audit(-1.002:3): a=1", Malformed::Stamp),
            (
                "audit(1.002:99999999999999999999999): a=1",
                Malformed::Stamp,
            ),
            ("audit(1.002:3): nothing", Malformed::Field),
            ("audit(1.002:3): a b=1", Malformed::Field),
            ("audit(1.002:3): a=\"b", Malformed::Quote),
            ("audit(1.002:3): a=\"b\"c=1", Malformed::Quote),
            ("audit(1.002:3): a=b\"c\"", Malformed::Quote),
            ("audit(1.002:3): a=1 a=1", Malformed::Twice),
            ("audit(1.002:3): a=\u{7f}", Malformed::Bytes),
            ("audit(1.002:3): a=\nb=1", Malformed::Bytes),
            ("audit(1.002:3): a=\u{e9}", Malformed::Bytes),
        ] {
            assert_eq!(parse(Kind::Seccomp, text), Err(reason), "{text:?}");
        }
        let long = format!("audit(1.002:3): a={}", "x".repeat(LONGEST));
        assert_eq!(parse(Kind::Seccomp, &long), Err(Malformed::TooLong));
        let many: String = (0..100).map(|n| format!(" k{n}=1")).collect();
        let many = format!("audit(1.002:3):{many}");
        assert_eq!(parse(Kind::Seccomp, &many), Err(Malformed::TooLong));
    }

    #[test]
    fn no_bytes_at_all_bring_it_down() {
        // A walk over texts near to real ones: each byte replaced by each of a few.
        let real = "audit(1.002:3): avc:  denied  { a } for  p=\"b\" comm=2F q=0x1";
        for at in 0..real.len() {
            for byte in [0, b' ', b'"', b'=', b'}', b'(', b'9', 0x1d, 0x80, 0xff] {
                let mut bytes = real.as_bytes().to_vec();
                bytes[at] = byte;
                let _ = Record::parse(Kind::Avc, &bytes);
                let _ = Record::parse(Kind::Syscall, &bytes[at..]);
            }
        }
    }

    #[test]
    fn a_terminal_is_told_no_commands() {
        let record = "audit(1.002:3): comm=1B5B324A0A41E280AE42";
        let record = parse(Kind::Seccomp, record).unwrap().unwrap();
        assert_eq!(
            record.text("comm").as_deref(),
            Some("\\u{1b}[2J\\u{a}A\\u{202e}B")
        );
        for nothing in ["(null)", "(none)", "F", "zz", "+1"] {
            let text = format!("audit(1.002:3): comm={nothing}");
            let record = parse(Kind::Seccomp, &text).unwrap().unwrap();
            assert_eq!(record.text("comm"), None, "{nothing}");
        }
    }
}
