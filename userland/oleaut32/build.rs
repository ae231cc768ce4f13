//! Tells the linker what a DLL is, and the numbers of its functions.

/// Where the DLL is linked to lie.
const BASE: &str = "0x77120000";

/// The numbers by which programs import the functions.
const NUMBERS: [(&str, u32); 13] = [
    ("SysAllocString", 2),
    ("SysReAllocString", 3),
    ("SysAllocStringLen", 4),
    ("SysReAllocStringLen", 5),
    ("SysFreeString", 6),
    ("SysStringLen", 7),
    ("VariantInit", 8),
    ("VariantClear", 9),
    ("VariantCopy", 10),
    ("SysStringByteLen", 149),
    ("SysAllocStringByteLen", 150),
    ("GetErrorInfo", 200),
    ("SetErrorInfo", 201),
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    argument(&format!("/BASE:{BASE}"));
    argument("/NOENTRY");
    argument("/SUBSYSTEM:CONSOLE,4.0");
    for (name, number) in NUMBERS {
        argument(&format!("/EXPORT:{name},@{number}"));
    }
}

fn argument(text: &str) {
    println!("cargo::rustc-link-arg-cdylib={text}");
}
