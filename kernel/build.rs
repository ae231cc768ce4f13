//! Links the kernel where `boot/kernel.ld` says.

fn main() {
    let script = format!("{}/../boot/kernel.ld", env!("CARGO_MANIFEST_DIR"));
    println!("cargo::rustc-link-arg=-T{script}");
    println!("cargo::rerun-if-changed={script}");
}
