//! The header is what cbindgen makes of the source: `CORDON_BLESS=1` writes it.

use std::path::Path;

#[test]
fn the_header_is_what_the_source_says() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(here.join("cbindgen.toml")).unwrap();
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_src(here.join("src/types.rs"))
        .with_src(here.join("src/clock.rs"))
        .with_src(here.join("src/control.rs"))
        .with_src(here.join("src/reader.rs"))
        .with_src(here.join("src/writer.rs"))
        .generate()
        .unwrap();
    let mut made = Vec::new();
    bindings.write(&mut made);
    // What Rust asks of its own callers is said to C by each function's words.
    let made = String::from_utf8(made).unwrap();
    let path = here.join("include/cordon-channel.h");
    if std::env::var_os("CORDON_BLESS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == made,
        "{} is not what cbindgen makes: CORDON_BLESS=1 cargo nextest run -p cordon-channel-capi header",
        path.display()
    );
}
