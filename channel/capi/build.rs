//! Gives the shared library its soname: whoever links it asks for this name at
//! run time, and the number changes when the interface does.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libcordon-channel.so.0");
    // No symbol may stay open that a later library could fill.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,defs,-z,now,-z,relro");
}
