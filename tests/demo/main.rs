//! The demo. See `make demo`.
fn main() {}
