//! Tells the linker what a DLL is and what it exports beside the functions that say so themselves.

/// Where the DLL is linked to lie: it is the same in every process.
const BASE: &str = "0x7C920000";

/// C functions of the compiler's run-time library that Windows's `ntdll` exports too.
const C_FUNCTIONS: [&str; 5] = ["memcpy", "memmove", "memset", "memcmp", "strlen"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../order/ntdll");
    println!("cargo::rerun-if-changed=../link");
    argument(&format!("/BASE:{BASE}"));
    argument("/NOENTRY");
    argument("/SUBSYSTEM:NATIVE,4.0");
    for function in C_FUNCTIONS {
        argument(&format!("/EXPORT:{function}"));
    }
}

fn argument(text: &str) {
    println!("cargo::rustc-link-arg-cdylib={text}");
}
