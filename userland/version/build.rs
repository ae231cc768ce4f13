//! Tells the linker what a DLL is.

/// Where the DLL is linked to lie.
const BASE: &str = "0x77C00000";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    argument(&format!("/BASE:{BASE}"));
    argument("/NOENTRY");
    argument("/SUBSYSTEM:CONSOLE,4.0");
}

fn argument(text: &str) {
    println!("cargo::rustc-link-arg-cdylib={text}");
}
