//! Leaving the compartment's own view of the system.

use crate::attempt::{Attempt, Outcome};
use crate::compartment::{Compartment, text};
use crate::{step, sys};
use libc::{
    AT_FDCWD, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUSER, EBADF, EBUSY, EFAULT, EINVAL, ENOENT,
    MS_BIND, MS_REMOUNT,
};

/// The attempts of this file.
pub const ATTEMPTS: &[Attempt] = &[
    Attempt {
        name: "namespace-mount",
        what: "mount a file system (argument: a directory)",
        run: mount,
    },
    Attempt {
        name: "namespace-bind",
        what: "bind a directory over another (argument: a directory)",
        run: bind,
    },
    Attempt {
        name: "namespace-remount",
        what: "make the root writable",
        run: remount,
    },
    Attempt {
        name: "namespace-unmount",
        what: "take a mount away",
        run: unmount,
    },
    Attempt {
        name: "namespace-unshare-mount",
        what: "a mount namespace of its own",
        run: unshare_mount,
    },
    Attempt {
        name: "namespace-unshare-user",
        what: "a user namespace, to be root in it",
        run: unshare_user,
    },
    Attempt {
        name: "namespace-unshare-network",
        what: "a network namespace of its own",
        run: unshare_network,
    },
    Attempt {
        name: "namespace-clone-user",
        what: "a child in a user namespace",
        run: clone_user,
    },
    Attempt {
        name: "namespace-clone3",
        what: "a child by clone3, whose flags no filter can read",
        run: clone3,
    },
    Attempt {
        name: "namespace-enter",
        what: "enter the namespaces of another process (argument: PID)",
        run: enter,
    },
    Attempt {
        name: "namespace-enter-descriptor",
        what: "enter a namespace by a descriptor",
        run: enter_descriptor,
    },
    Attempt {
        name: "namespace-pivot-root",
        what: "change the root by pivot_root",
        run: pivot_root,
    },
    Attempt {
        name: "namespace-chroot",
        what: "change the root by chroot",
        run: chroot,
    },
    Attempt {
        name: "namespace-open-tree",
        what: "clone a mount tree",
        run: open_tree,
    },
    Attempt {
        name: "namespace-fsopen",
        what: "make a file system by fsopen",
        run: fsopen,
    },
    Attempt {
        name: "namespace-move-mount",
        what: "move a mount",
        run: move_mount,
    },
    Attempt {
        name: "namespace-mount-attributes",
        what: "change a mount's attributes",
        run: mount_setattr,
    },
    Attempt {
        name: "namespace-open-handle",
        what: "open a file by its handle, past all directories",
        run: open_handle,
    },
    Attempt {
        name: "namespace-host-name",
        what: "change the host name",
        run: host_name,
    },
];

fn directory(argument: &str) -> std::ffi::CString {
    text(if argument.is_empty() { "/" } else { argument })
}

fn mount(_: &mut Compartment, argument: &str) -> Outcome {
    let at = directory(argument);
    let done = sys!(libc::SYS_mount, c"tmpfs", at.as_c_str(), c"tmpfs", 0, 0);
    if done.is_ok() {
        let _ = sys!(libc::SYS_umount2, at.as_c_str(), libc::MNT_DETACH);
    }
    Outcome::of("mount", done)
}

fn bind(_: &mut Compartment, argument: &str) -> Outcome {
    let at = directory(argument);
    let done = sys!(libc::SYS_mount, at.as_c_str(), at.as_c_str(), 0, MS_BIND, 0);
    if done.is_ok() {
        let _ = sys!(libc::SYS_umount2, at.as_c_str(), libc::MNT_DETACH);
    }
    Outcome::of("mount", done)
}

/// On a directory that need not be a mount point: EINVAL says it was permitted.
fn remount(_: &mut Compartment, argument: &str) -> Outcome {
    let at = directory(argument);
    let result = sys!(
        libc::SYS_mount,
        0,
        at.as_c_str(),
        0,
        MS_REMOUNT | MS_BIND,
        0
    );
    Outcome::reaching("mount", result, &[EINVAL])
}

/// Of a path that is no mount point.
fn unmount(_: &mut Compartment, argument: &str) -> Outcome {
    let at = directory(argument);
    Outcome::reaching(
        "umount2",
        sys!(libc::SYS_umount2, at.as_c_str(), 0),
        &[EINVAL, ENOENT],
    )
}

fn unshare(flags: i32) -> Outcome {
    Outcome::of("unshare", sys!(libc::SYS_unshare, flags))
}

fn unshare_mount(_: &mut Compartment, _: &str) -> Outcome {
    unshare(CLONE_NEWNS)
}

fn unshare_user(_: &mut Compartment, _: &str) -> Outcome {
    unshare(CLONE_NEWUSER)
}

fn unshare_network(_: &mut Compartment, _: &str) -> Outcome {
    unshare(CLONE_NEWNET)
}

fn clone_user(_: &mut Compartment, _: &str) -> Outcome {
    Outcome::of("clone", sys::fork(CLONE_NEWUSER))
}

/// A size the kernel must find wrong, so that no child is made.
fn clone3(_: &mut Compartment, _: &str) -> Outcome {
    let arguments = [0u8; 8];
    Outcome::reaching(
        "clone3",
        sys!(libc::SYS_clone3, &arguments, 8),
        &[EINVAL, EFAULT],
    )
}

fn enter(_: &mut Compartment, pid: &str) -> Outcome {
    let path = text(&format!("/proc/{pid}/ns/net"));
    let fd = step!(
        "openat",
        sys!(libc::SYS_openat, AT_FDCWD, path.as_c_str(), libc::O_RDONLY)
    );
    Outcome::of("setns", sys!(libc::SYS_setns, fd, CLONE_NEWNET))
}

/// A socket is no namespace: EINVAL says the call itself was permitted.
fn enter_descriptor(compartment: &mut Compartment, _: &str) -> Outcome {
    let fd = compartment.accepted();
    Outcome::reaching("setns", sys!(libc::SYS_setns, fd, CLONE_NEWNET), &[EINVAL])
}

/// The root over itself: EBUSY or EINVAL says it was permitted.
fn pivot_root(_: &mut Compartment, _: &str) -> Outcome {
    Outcome::reaching(
        "pivot_root",
        sys!(libc::SYS_pivot_root, c"/", c"/"),
        &[EBUSY, EINVAL],
    )
}

fn chroot(_: &mut Compartment, _: &str) -> Outcome {
    Outcome::of("chroot", sys!(libc::SYS_chroot, c"/"))
}

fn open_tree(_: &mut Compartment, _: &str) -> Outcome {
    // OPEN_TREE_CLONE
    Outcome::of("open_tree", sys!(libc::SYS_open_tree, AT_FDCWD, c"/", 1))
}

fn fsopen(_: &mut Compartment, _: &str) -> Outcome {
    Outcome::of("fsopen", sys!(libc::SYS_fsopen, c"tmpfs", 0))
}

fn move_mount(_: &mut Compartment, _: &str) -> Outcome {
    let result = sys!(libc::SYS_move_mount, -1, c"nowhere", -1, c"nowhere", 0);
    Outcome::reaching("move_mount", result, &[EBADF, ENOENT])
}

fn mount_setattr(_: &mut Compartment, _: &str) -> Outcome {
    // struct mount_attr, all zero: no change asked for.
    let nothing = [0u8; 32];
    let result = sys!(libc::SYS_mount_setattr, -1, c"nowhere", 0, &nothing, 32);
    // With nothing to change the kernel says yes before it looks at the path.
    Outcome::reaching("mount_setattr", result, &[EBADF, ENOENT])
}

fn open_handle(_: &mut Compartment, _: &str) -> Outcome {
    // struct file_handle: handle_bytes, handle_type, and room for the handle.
    let mut handle = [0u8; 8 + 128];
    handle[..4].copy_from_slice(&128u32.to_ne_bytes());
    let mut mount = [0u8; 4];
    step!(
        "name_to_handle_at",
        sys!(
            libc::SYS_name_to_handle_at,
            AT_FDCWD,
            c"/",
            &mut handle,
            &mut mount,
            0
        )
    );
    let root = step!(
        "openat",
        sys!(libc::SYS_openat, AT_FDCWD, c"/", libc::O_RDONLY)
    );
    Outcome::of(
        "open_by_handle_at",
        sys!(
            libc::SYS_open_by_handle_at,
            root,
            &mut handle,
            libc::O_RDONLY
        ),
    )
}

/// The name it has.
fn host_name(_: &mut Compartment, _: &str) -> Outcome {
    let mut uts = [0u8; 6 * 65];
    step!("uname", sys!(libc::SYS_uname, &mut uts));
    let name: Vec<u8> = uts[65..130]
        .iter()
        .copied()
        .take_while(|b| *b != 0)
        .collect();
    Outcome::of(
        "sethostname",
        sys!(libc::SYS_sethostname, name.as_slice(), name.len()),
    )
}
