//! Directories named by `ld.so.conf` of the target, in order.

use super::tree::Tree;

/// Size in bytes past which a configuration file is not read on.
const LIMIT: u64 = 64 << 10;
/// Includes inside includes; ldconfig has no limit, a circle needs one.
const MAX_DEPTH: u32 = 4;

/// Directories of `/etc/ld.so.conf`, includes followed.
pub fn directories(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    read(tree, "/etc/ld.so.conf", 0, &mut found);
    found
}

fn read(tree: &Tree, path: &str, depth: u32, found: &mut Vec<String>) {
    if depth > MAX_DEPTH {
        return;
    }
    let bytes = tree.read(path, LIMIT).unwrap_or_default();
    for line in String::from_utf8_lossy(&bytes).lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let mut words = line.split_whitespace();
        match words.next() {
            Some("include") => words.for_each(|pattern| include(tree, pattern, depth, found)),
            Some(directory) if directory.starts_with('/') => found.push(directory.to_owned()),
            _ => {}
        }
    }
}

/// Patterns have their `*` in the last part only, as every distribution writes them.
fn include(tree: &Tree, pattern: &str, depth: u32, found: &mut Vec<String>) {
    let pattern = match pattern.strip_prefix('/') {
        Some(_) => pattern.to_owned(),
        None => format!("/etc/{pattern}"),
    };
    let Some((directory, last)) = pattern.rsplit_once('/') else {
        return;
    };
    let Some((head, tail)) = last.split_once('*') else {
        return read(tree, &pattern, depth + 1, found);
    };
    for name in tree.names(directory) {
        let matches = name.len() >= head.len() + tail.len()
            && name.starts_with(head)
            && name.ends_with(tail)
            && !name.starts_with('.');
        if matches {
            read(tree, &format!("{directory}/{name}"), depth + 1, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::Scratch;

    #[test]
    fn includes_come_in_the_order_of_their_names() {
        let scratch = Scratch::new();
        scratch.write(
            "etc/ld.so.conf",
            b"include /etc/ld.so.conf.d/*.conf\n/opt/lib\n",
        );
        scratch.write("etc/ld.so.conf.d/b.conf", b"/usr/local/lib # local\n");
        scratch.write("etc/ld.so.conf.d/a.conf", b"# x86\n/lib/x86_64-linux-gnu\n");
        scratch.write("etc/ld.so.conf.d/c.txt", b"/never\n");
        let found = directories(&Tree::open(scratch.path()).unwrap());
        assert_eq!(
            found,
            ["/lib/x86_64-linux-gnu", "/usr/local/lib", "/opt/lib"]
        );
    }

    #[test]
    fn a_file_that_includes_itself_ends() {
        let scratch = Scratch::new();
        scratch.write("etc/ld.so.conf", b"include ld.so.conf\n/lib\n");
        let found = directories(&Tree::open(scratch.path()).unwrap());
        assert_eq!(found.len() as u32, MAX_DEPTH + 1);
    }
}
