//! Tells the linker what the program is.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("windows") {
        for argument in ["/ENTRY:start", "/BASE:0x400000", "/SUBSYSTEM:CONSOLE,4.0", "/STACK:0x100000,0x2000"] {
            println!("cargo::rustc-link-arg-bin=vmview={argument}");
        }
    }
}
