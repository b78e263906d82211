//! lgetxattr(2), fgetxattr(2): the SELinux label of a file.

use super::check;
use nix::errno::Errno;
use std::ffi::CString;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Longest label that is read, in bytes; the policy's own are a few dozen.
const LONGEST: usize = 4096;

/// Context of the file at a path, a link itself; none where it has no label.
pub fn label(path: &str) -> Result<Option<String>, Errno> {
    let path = CString::new(path).map_err(|_| Errno::EINVAL)?;
    read(|buffer| {
        // SAFETY: both names are terminated, and the buffer has the length given.
        unsafe {
            libc::lgetxattr(
                path.as_ptr(),
                c"security.selinux".as_ptr(),
                buffer.as_mut_ptr().cast(),
                buffer.len(),
            )
        }
    })
}

/// Context of an open file; none where it has no label.
pub fn label_of(file: BorrowedFd<'_>) -> Result<Option<String>, Errno> {
    read(|buffer| {
        // SAFETY: the name is terminated, and the buffer has the length given.
        unsafe {
            libc::fgetxattr(
                file.as_raw_fd(),
                c"security.selinux".as_ptr(),
                buffer.as_mut_ptr().cast(),
                buffer.len(),
            )
        }
    })
}

fn read(get: impl FnOnce(&mut [u8]) -> libc::ssize_t) -> Result<Option<String>, Errno> {
    let mut buffer = [0; LONGEST];
    match check(get(&mut buffer) as libc::c_long) {
        Ok(length) => {
            let text = String::from_utf8_lossy(&buffer[..length as usize]);
            // The kernel counts the terminating NUL.
            Ok(Some(text.trim_end_matches('\0').to_owned()))
        }
        Err(Errno::ENODATA | Errno::EOPNOTSUPP) => Ok(None),
        Err(errno) => Err(errno),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd as _;

    #[test]
    fn a_file_is_read_by_path_and_by_descriptor_alike() {
        let file = std::fs::File::open("/proc/self/exe").unwrap();
        let path = std::fs::read_link("/proc/self/exe").unwrap();
        assert_eq!(
            label(path.to_str().unwrap()).unwrap(),
            label_of(file.as_fd()).unwrap()
        );
        assert_eq!(label("/nowhere/at/all"), Err(Errno::ENOENT));
    }
}
