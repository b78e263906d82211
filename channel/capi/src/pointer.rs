//! Pointers of a C caller, believed in one place.
#![allow(unsafe_code)]
// Why unsafe: whether a pointer of another language points at what it says,
// only that caller knows. Each function here names the rule that the caller
// keeps; NULL is met everywhere.

use std::ffi::{CStr, c_char};

/// A handle given away to C.
pub(crate) fn give<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}

/// A handle taken back, and freed when dropped; none for NULL.
///
/// # Safety
/// NULL, or what [`give`] gave and nobody took back.
pub(crate) unsafe fn take_back<T>(handle: *mut T) -> Option<Box<T>> {
    if handle.is_null() {
        return None;
    }
    // SAFETY: not NULL, so by this function's rule it came from `give`, once.
    Some(unsafe { Box::from_raw(handle) })
}

/// A handle borrowed for one call; none for NULL.
///
/// # Safety
/// NULL, or what [`give`] gave, not taken back, and not in use by another call.
pub(crate) unsafe fn borrow<'a, T>(handle: *mut T) -> Option<&'a mut T> {
    // SAFETY: by this function's rule it is NULL or a live handle that nobody
    // else uses; the borrow ends with the call it is for.
    unsafe { handle.as_mut() }
}

/// A text of C as UTF-8; none for NULL or anything else.
///
/// # Safety
/// NULL, or a text ended by NUL that stays as it is during the call.
pub(crate) unsafe fn text<'a>(text: *const c_char) -> Option<&'a str> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not NULL, so by this function's rule a text ended by NUL.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().ok()
}

/// A value of C, copied; none for NULL.
///
/// # Safety
/// NULL, or a pointer to an initialised `T`.
pub(crate) unsafe fn value<T: Copy>(value: *const T) -> Option<T> {
    if value.is_null() {
        return None;
    }
    // SAFETY: not NULL, so by this function's rule an initialised `T`. C gives
    // no promise about alignment that would be worth relying on.
    Some(unsafe { value.read_unaligned() })
}

/// Bytes of C, copied; none for NULL.
///
/// # Safety
/// NULL, or a pointer to at least `length` bytes.
pub(crate) unsafe fn bytes(from: *const u8, length: usize) -> Option<Vec<u8>> {
    if from.is_null() {
        return None;
    }
    let mut copy: Vec<u8> = vec![0; length];
    // SAFETY: `from` has `length` bytes by this function's rule, the copy has
    // as many and is this function's own. Padding of the caller's struct may be
    // uninitialised memory; copied byte by byte it is masked out before use.
    unsafe { copy.as_mut_ptr().copy_from_nonoverlapping(from, length) };
    Some(copy)
}

/// Writes bytes to where C wants them; does nothing for NULL.
///
/// # Safety
/// NULL, or a pointer to at least as many bytes that are the caller's own.
pub(crate) unsafe fn put(to: *mut u8, bytes: &[u8]) {
    if to.is_null() {
        return;
    }
    // SAFETY: `to` has room for all of `bytes` by this function's rule, and
    // memory of the caller does not overlap a slice of ours.
    unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
}

/// Writes a value to where C wants it; does nothing for NULL.
///
/// # Safety
/// NULL, or a pointer to room for a `T`.
pub(crate) unsafe fn put_value<T>(to: *mut T, value: T) {
    if to.is_null() {
        return;
    }
    // SAFETY: room for a `T` by this function's rule.
    unsafe { to.write_unaligned(value) };
}

/// Writes a text with its NUL, cut where there is no room; gives the length it
/// would have without NUL, as snprintf(3) does.
///
/// # Safety
/// NULL, or a pointer to at least `size` bytes that are the caller's own.
pub(crate) unsafe fn put_text(to: *mut c_char, size: usize, text: &str) -> usize {
    if let Some(room) = size.checked_sub(1) {
        let mut cut = text.len().min(room);
        while !text.is_char_boundary(cut) {
            cut -= 1;
        }
        let mut bytes = text.as_bytes()[..cut].to_vec();
        bytes.push(0);
        // SAFETY: at most `size` bytes, by the cut above.
        unsafe { put(to.cast(), &bytes) };
    }
    text.len()
}
