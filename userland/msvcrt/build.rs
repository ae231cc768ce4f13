//! Tells the linker what a DLL is and what it exports beside the functions that say so themselves.

/// Where the DLL is linked to lie.
const BASE: &str = "0x77C10000";

/// C functions of the compiler's run-time library that programs import from here.
const C_FUNCTIONS: [&str; 5] = ["memcpy", "memmove", "memset", "memcmp", "strlen"];

/// Second names: each is the same function.
const ALIASES: [(&str, &str); 0] = [];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../order/msvcrt");
    println!("cargo::rerun-if-changed=../link");
    argument(&format!("/BASE:{BASE}"));
    argument("/ENTRY:DllMain");
    argument("/SUBSYSTEM:CONSOLE,4.0");
    for function in C_FUNCTIONS {
        argument(&format!("/EXPORT:{function}"));
    }
    for (name, target) in ALIASES {
        argument(&format!("/EXPORT:{name}={target}"));
    }
}

fn argument(text: &str) {
    println!("cargo::rustc-link-arg-cdylib={text}");
}
