//! The component's end of its control socket.
#![allow(unsafe_code)]
// Why unsafe: handles of a C caller, and a descriptor that is a number.

use crate::pointer;
use cordon_channel::{Control, ControlEvent};
use std::ffi::c_int;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

/// A control socket. One thread at a time uses it; its readers and writers may
/// be on other threads.
#[allow(non_camel_case_types)]
#[derive(Debug)]
pub struct cordon_control(pub(crate) Control);

/// The control socket this process inherited from Cordon, once; NULL where
/// there is none.
// SAFETY: no other function of this name is linked: the prefix is this library's.
#[unsafe(no_mangle)]
pub extern "C" fn cordon_control_open() -> *mut cordon_control {
    let control = Control::from_listen_fds().map(cordon_control);
    control.map_or(std::ptr::null_mut(), pointer::give)
}

/// A control socket that came another way; the descriptor is this library's
/// from now on. NULL for a number that is not open.
///
/// # Safety
/// `fd` is the caller's own and is not used or closed by it any more.
// SAFETY: no other function of this name is linked: the prefix is this library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cordon_control_from_fd(fd: c_int) -> *mut cordon_control {
    if fd < 0 {
        return std::ptr::null_mut();
    }
    // SAFETY: borrowed for the call below only, which refuses a number that is
    // not open.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    if borrowed.try_clone_to_owned().is_err() {
        return std::ptr::null_mut();
    }
    // SAFETY: open, as just seen, and the caller's own by this function's rule.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    pointer::give(cordon_control(Control::new(socket)))
}

/// The socket, to wait for reading on (level-triggered); -1 when the supervisor
/// is gone.
///
/// # Safety
/// `control` is NULL or a live handle that no other thread uses.
// SAFETY: no other function of this name is linked: the prefix is this library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cordon_control_fd(control: *mut cordon_control) -> c_int {
    // SAFETY: by this function's rule.
    let control = unsafe { pointer::borrow(control) };
    let fd = control.and_then(|control| control.0.fd().map(|fd| fd.as_raw_fd()));
    fd.unwrap_or(-1)
}

/// Takes what the supervisor handed out and attaches it. Never waits; call it
/// every tick, or when the socket is readable. Gives the number of ends that
/// were attached or refused; -1 when the supervisor is gone (channels that are
/// attached go on).
///
/// # Safety
/// `control` is NULL or a live handle that no other thread uses.
// SAFETY: no other function of this name is linked: the prefix is this library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cordon_control_poll(control: *mut cordon_control) -> c_int {
    // SAFETY: by this function's rule.
    let Some(control) = (unsafe { pointer::borrow(control) }) else {
        return -1;
    };
    let events = control.0.poll();
    let news = events
        .iter()
        .filter(|event| !matches!(event, ControlEvent::Closed));
    match (news.count(), control.0.fd()) {
        (0, None) => -1,
        // At most 16 packets a call.
        (count, _) => c_int::try_from(count).unwrap_or(c_int::MAX),
    }
}

/// Closes the socket. Channels that are attached go on. NULL is nothing.
///
/// # Safety
/// `control` is NULL or a live handle, which nobody uses afterwards.
// SAFETY: no other function of this name is linked: the prefix is this library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cordon_control_free(control: *mut cordon_control) {
    // SAFETY: by this function's rule.
    drop(unsafe { pointer::take_back(control) });
}
