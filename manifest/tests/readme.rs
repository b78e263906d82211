//! The manifest in README.md is one.

use cordon_manifest::parse;
use std::fs;
use std::path::Path;

#[test]
fn the_manifest_of_the_readme_is_valid_without_a_warning() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let text = fs::read_to_string(path).expect("README.md");
    let (_, rest) = text.split_once("```yaml\n").expect("a manifest");
    let (manifest, _) = rest.split_once("```").expect("its end");
    let checked = parse(manifest.as_bytes(), "README.md").expect("valid");
    assert!(checked.warnings.is_empty(), "{:?}", checked.warnings);
}
