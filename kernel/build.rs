//! Links the kernel where `boot/kernel.ld` says.

fn main() {
    // Asked for when this runs: the tree may have been copied with what was built.
    let folder = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let script = format!("{folder}/../boot/kernel.ld");
    println!("cargo::rerun-if-env-changed=CARGO_MANIFEST_DIR");
    println!("cargo::rustc-link-arg=-T{script}");
    println!("cargo::rerun-if-changed={script}");
}
