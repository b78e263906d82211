//! A root in memory as the kernel unpacks it: a cpio archive, "newc".
//!
//! Source: the kernel's `Documentation/driver-api/early-userspace/buffer-format.rst`.

use std::io::{self, Write};

/// An archive that is being written.
#[derive(Debug)]
pub struct Archive<W> {
    to: W,
    entries: u32,
    written: usize,
}

impl<W: Write> Archive<W> {
    /// An empty one.
    pub fn new(to: W) -> Self {
        Self {
            to,
            entries: 0,
            written: 0,
        }
    }

    /// Adds a directory; its parents come first.
    ///
    /// # Errors
    /// The writer's.
    pub fn directory(&mut self, name: &str) -> io::Result<()> {
        self.entry(name, 0o040_755, &[])
    }

    /// Adds a file with these permission bits.
    ///
    /// # Errors
    /// The writer's, or one too large for the format.
    pub fn file(&mut self, name: &str, mode: u32, content: &[u8]) -> io::Result<()> {
        self.entry(name, 0o100_000 | mode, content)
    }

    /// Ends it.
    ///
    /// # Errors
    /// The writer's.
    pub fn finish(mut self) -> io::Result<W> {
        self.entry("TRAILER!!!", 0, &[])?;
        self.to.flush()?;
        Ok(self.to)
    }

    fn entry(&mut self, name: &str, mode: u32, content: &[u8]) -> io::Result<()> {
        self.entries += 1;
        let size = u32::try_from(content.len()).map_err(io::Error::other)?;
        let length = name.len() + 1;
        // Inode, mode, uid, gid, links, time, size, device and node numbers,
        // length of the name with its NUL, checksum.
        let fields = [self.entries, mode, 0, 0, 1, 0, size, 0, 0, 0, 0];
        let mut header = String::from("070701");
        for field in fields {
            header += &format!("{field:08X}");
        }
        header += &format!("{length:08X}{:08X}", 0);
        self.bytes(header.as_bytes())?;
        self.bytes(name.as_bytes())?;
        self.bytes(&[0])?;
        self.align()?;
        self.bytes(content)?;
        self.align()
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len();
        self.to.write_all(bytes)
    }

    fn align(&mut self) -> io::Result<()> {
        let lacking = self.written.next_multiple_of(4) - self.written;
        self.bytes(&[0; 3][..lacking])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_contents_begin_at_multiples_of_four() {
        let mut archive = Archive::new(Vec::new());
        archive.directory("etc").unwrap();
        archive.file("etc/one", 0o644, b"12345").unwrap();
        let bytes = archive.finish().unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let starts: Vec<usize> = text.match_indices("070701").map(|(at, _)| at).collect();
        assert_eq!(starts.len(), 3);
        assert!(starts.iter().all(|at| at % 4 == 0), "{starts:?}");
        assert_eq!(text.find("12345").map(|at| at % 4), Some(0));
    }
}
