//! Places of a base system that are nobody's to grant: what they hold is secret,
//! or decides what everybody else may do.
//!
//! A granted path gets a SELinux type of the device's, with all that is below
//! it. Of these that would be the end: who changes passwords, or installs a
//! policy, could not read them any more, and a component could.

/// What is at a place, and why it is not granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secret {
    /// The place; `*` is any end of a name.
    pub place: &'static str,
    /// What it holds.
    pub what: &'static str,
}

const POLICY: &str = "the SELinux policy";
const PASSWORDS: &str = "the system's password hashes";
const ROOT: &str = "who may become root";
const KEYS: &str = "private keys of the system";
const LOGIN_KEYS: &str = "keys by which people log in";
const AUDIT: &str = "the audit log and its rules";
const CORDON: &str = "manifests: what every component is granted";

/// Where reference policy, Debian's and Fedora's keep what they label apart from
/// `non_security_file_type` and `non_auth_file_type`, their policy, and keys.
/// First those that a person knows: of several below one path it is said first.
const SECRETS: [Secret; 35] = [
    at("/etc/shadow*", PASSWORDS),
    at("/var/lib/selinux", POLICY),
    at("/root/.ssh", LOGIN_KEYS),
    at("/home/*/.ssh", LOGIN_KEYS),
    at("/etc/NetworkManager/system-connections", KEYS),
    at("/etc/audit", AUDIT),
    at("/etc/cordon", CORDON),
    at("/etc/dropbear", KEYS),
    at("/etc/gshadow*", PASSWORDS),
    at("/etc/ipsec.d/private", KEYS),
    at("/etc/ipsec.secrets*", KEYS),
    at("/etc/krb5.keytab*", KEYS),
    at("/etc/krb5kdc", KEYS),
    at("/etc/pam.d", ROOT),
    at("/etc/pki/*/private", KEYS),
    at("/etc/security/opasswd*", PASSWORDS),
    at("/etc/selinux", POLICY),
    at("/etc/ssh/ssh_host_*", KEYS),
    at("/etc/ssl/private", KEYS),
    at("/etc/sudoers*", ROOT),
    at("/etc/swanctl/private", KEYS),
    at("/etc/tcb", PASSWORDS),
    at("/etc/wireguard", KEYS),
    at("/home/*/.gnupg", KEYS),
    at("/root/.gnupg", KEYS),
    at("/sys/fs/selinux", POLICY),
    at("/var/cache/krb5kdc", KEYS),
    at("/var/db/shadow*", PASSWORDS),
    at("/var/kerberos", KEYS),
    at("/var/lib/extrausers/shadow*", PASSWORDS),
    at("/var/lib/krb5kdc", KEYS),
    at("/var/lib/sss/db", PASSWORDS),
    at("/var/lib/systemd/home", KEYS),
    at("/var/log/audit", AUDIT),
    at("/var/spool/audit", AUDIT),
];

const fn at(place: &'static str, what: &'static str) -> Secret {
    Secret { place, what }
}

/// The secret that a path is, lies below, or, where `whole` says that it may be
/// a directory, has below it.
#[must_use]
pub fn secret(path: &str, whole: bool) -> Option<Secret> {
    SECRETS.into_iter().find(|secret| {
        let mut wanted = secret.place.split('/').skip(1);
        for found in path.split('/').skip(1).filter(|part| !part.is_empty()) {
            match wanted.next() {
                None => return true,
                Some(name) if is(found, name) => {}
                Some(_) => return false,
            }
        }
        whole || wanted.next().is_none()
    })
}

fn is(found: &str, name: &str) -> bool {
    match name.strip_suffix('*') {
        Some(begin) => found.starts_with(begin),
        None => found == name,
    }
}

impl Secret {
    /// What a person is told about a path it stands in the way of.
    #[must_use]
    pub fn of(&self, path: &str) -> String {
        if self.place == path {
            return format!("`{path}` is never granted: {}", self.what);
        }
        let depth = |path: &str| path.split('/').filter(|part| !part.is_empty()).count();
        let is_above = depth(path) < depth(self.place);
        let verb = if is_above { "has" } else { "belongs to" };
        format!(
            "`{path}` is never granted: it {verb} `{}`, {}",
            self.place, self.what
        )
    }
}

/// What to grant instead.
pub(crate) const INSTEAD: &str = "SELinux would label it as the component's, with all that is below it; keep the component's own \
     files in a directory of the device, such as /etc/DEVICE, and grant that";

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str) -> Option<&'static str> {
        secret(path, true).map(|secret| secret.place)
    }

    #[test]
    fn a_secret_its_parents_and_what_is_below_it_are_found() {
        for (path, expected) in [
            ("/etc/shadow", "/etc/shadow*"),
            ("/etc/shadow-", "/etc/shadow*"),
            ("/etc/ssh", "/etc/ssh/ssh_host_*"),
            ("/etc/ssh/ssh_host_ed25519_key", "/etc/ssh/ssh_host_*"),
            ("/root", "/root/.ssh"),
            ("/root/.ssh/id_ed25519", "/root/.ssh"),
            ("/home/nurse", "/home/*/.ssh"),
            ("/home/nurse/.ssh", "/home/*/.ssh"),
            ("/var", "/var/lib/selinux"),
            ("/var/lib/selinux/targeted/active", "/var/lib/selinux"),
            ("/etc/selinux/config", "/etc/selinux"),
            ("/etc/pki/tls/private/pump.key", "/etc/pki/*/private"),
            ("/", "/etc/shadow*"),
        ] {
            assert_eq!(place(path), Some(expected), "{path}");
        }
    }

    #[test]
    fn their_neighbours_are_not() {
        for path in [
            "/etc/pump",
            "/etc/pump/shadow",
            "/etc/ssh/ssh_config",
            "/etc/ssl/certs",
            "/etc/pki/tls/certs",
            "/home/nurse/data",
            "/root/pump",
            "/var/lib/pump",
            "/var/lib/selinux2",
            "/var/log/pump",
            "/usr/bin",
        ] {
            assert_eq!(place(path), None, "{path}");
        }
        // A file has nothing below it.
        assert_eq!(secret("/var/log", false), None);
    }
}
