//! Which of the base policy's grants to every domain matter to a component,
//! and why. What is not here reaches things that no compartment has in it:
//! directories outside its root, the end of processes it has none of.

use crate::ambient::SELF;

/// Why somebody should care that a component has this, if they should.
pub(crate) fn why_it_matters(target: &str, class: &str, permission: &str) -> Option<&'static str> {
    let process = |permission| {
        Some(match permission {
            "transition" | "dyntransition" => "it may run a program in another domain",
            "ptrace" => "it may read and change another process",
            "execmem" | "execstack" | "execheap" => "it may make code",
            "signal" | "sigkill" | "sigstop" => "it may end other processes",
            _ => return None,
        })
    };
    match (target, class, permission) {
        (_, "file", "execmod") => {
            Some("it may change a library's code in memory and execute the result")
        }
        (_, "file", "execute_no_trans") => Some("it may run another program"),
        (
            SELF,
            "file" | "dir",
            "write" | "append" | "create" | "add_name" | "unlink" | "rename",
        ) => Some(
            "its own entries of /proc can be written where it sees them: its label, its killing score",
        ),
        (SELF, "file" | "dir" | "lnk_file", "read" | "open" | "search") => {
            Some("its own entries of /proc: memory map, environment, descriptors")
        }
        (SELF, "unix_stream_socket", "create" | "connect" | "bind" | "listen") => {
            Some("it may make Unix sockets; of the layers only seccomp refuses that otherwise")
        }
        (SELF, "shm" | "sem", "create") => Some("it may make System V memory and semaphores"),
        (SELF, "key", _) => Some("it may use the kernel's key rings"),
        (SELF, "process", "getcap" | "getsched" | "fork" | "sigchld" | "signull") => None,
        (SELF, _, _) => None,
        (_, "process" | "process2", permission) => process(permission),
        (_, "fd", "use") => Some("it may use descriptors of other domains that reach it"),
        (_, "unix_stream_socket", "connectto") | (_, "unix_dgram_socket", "sendto") => {
            Some("it may talk to a service of the system")
        }
        (_, "dbus", "send_msg") => Some("it may talk to a service of the system by D-Bus"),
        (_, "fifo_file", "read" | "write" | "append") => Some("it may use pipes of other domains"),
        (_, "udp_socket" | "tcp_socket", "read" | "write") => {
            Some("it may use sockets of other domains")
        }
        (_, "packet", _) => Some("it may send and receive packets nobody labelled"),
        (_, "system", "module_request") => Some("it may make the kernel load a module"),
        (_, "key", _) => Some("it may use key rings of other domains"),
        (_, "chr_file" | "blk_file", "write" | "append") => {
            Some("it may write a device, once its node is in the compartment")
        }
        (
            _,
            "file" | "dir" | "lnk_file" | "sock_file",
            "write" | "append" | "create" | "add_name" | "unlink",
        ) => Some("it may change files of the system, once one is in the compartment"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::why_it_matters;

    #[test]
    fn what_a_fresh_domain_could_be_misused_for_is_said() {
        for (target, class, permission) in [
            ("textrel_shlib_t", "file", "execmod"),
            ("self", "unix_stream_socket", "create"),
            ("self", "file", "write"),
            ("abrt_helper_t", "process", "transition"),
            ("domain", "fd", "use"),
            ("kernel_t", "system", "module_request"),
        ] {
            assert!(
                why_it_matters(target, class, permission).is_some(),
                "{target}"
            );
        }
        for (target, class, permission) in [
            ("etc_t", "dir", "search"),
            ("spc_t", "process", "sigchld"),
            ("ld_so_t", "file", "ioctl"),
        ] {
            assert!(
                why_it_matters(target, class, permission).is_none(),
                "{target}"
            );
        }
    }
}
