//! What the figures depend on beside the source: the compilers that made the images, and the emulator.
//!
//! The compilers are asked for where they left their names: in the kernel and in a program of the benchmark.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use crate::error::{Error, Result};
use crate::paths::Tree;
use crate::process;

/// Names of tools and what they say they are.
pub type Toolchain = BTreeMap<String, String>;

/// The program whose compiler is told.
const PROGRAM: &str = "bench/memory.exe";

/// The toolchain that what is built was built with, and the emulator that will run it.
///
/// # Errors
/// [`Error::Unbuilt`], [`Error::Malformed`] for an image that does not name its compiler, and what `qemu-system-i386 --version` does.
pub fn of(tree: &Tree) -> Result<Toolchain> {
    let kernel = tree.kernel_for_debugger()?;
    let bytes = fs::read(&kernel).map_err(Error::file("reading", &kernel))?;
    let nameless = |path| Error::Malformed { path, problem: "it does not say what compiled it".into() };
    let rustc = rustc_in(&bytes).ok_or_else(|| nameless(kernel))?;
    let program = tree.built(PROGRAM, "guest")?;
    let bytes = fs::read(&program).map_err(Error::file("reading", &program))?;
    let gcc = gcc_in(&bytes).ok_or_else(|| nameless(program))?;
    let said = process::run_tool(Command::new("qemu-system-i386").arg("--version"))?;
    let qemu = String::from_utf8_lossy(&said).lines().next().unwrap_or_default().to_owned();
    let kernel = tree.kernel()?;
    let bytes = fs::read(&kernel).map_err(Error::file("reading", &kernel))?;
    let checks = if is_checked(&bytes) { "on" } else { "off" }.to_owned();
    let tools = [("rustc", rustc), ("gcc", gcc), ("qemu", qemu), ("debug assertions", checks)];
    Ok(tools.map(|(tool, version)| (tool.to_owned(), version)).into())
}

/// What an image with debugging information says of the Rust compiler: `clang LLVM (rustc version 1.96.0 (...))`.
fn rustc_in(image: &[u8]) -> Option<String> {
    let rest = behind(image, b"rustc version ")?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    let version = std::str::from_utf8(&rest[..end]).ok()?;
    Some(version.strip_suffix(')').unwrap_or(version).to_owned())
}

/// Whether an image was built with debug assertions: the core library then looks at what it is promised, and says so.
fn is_checked(image: &[u8]) -> bool {
    behind(image, b"unsafe precondition(s) violated").is_some()
}

/// What a program says of its C compiler: `GCC: (GNU) 12-win32`.
fn gcc_in(image: &[u8]) -> Option<String> {
    let rest = behind(image, b"GCC: ")?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    std::str::from_utf8(&rest[..end]).ok().map(str::to_owned)
}

/// What follows on the first `mark`.
fn behind<'a>(image: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    let first = *mark.first()?;
    let mut starts = (0..image.len()).filter(|at| image[*at] == first);
    starts.find(|at| image[*at..].starts_with(mark)).map(|at| &image[at + mark.len()..])
}

/// One line for each tool that is another: its name, what `recorded` says, what `here` says.
#[must_use]
pub fn differences(recorded: &Toolchain, here: &Toolchain) -> Vec<String> {
    let names = recorded.keys().chain(here.keys().filter(|name| !recorded.contains_key(*name)));
    let pairs = names.map(|name| (name, recorded.get(name), here.get(name)));
    let other = pairs.filter(|(_, recorded, here)| recorded != here);
    let shown = |version: Option<&String>| version.map_or("nothing".to_owned(), Clone::clone);
    other.map(|(name, recorded, here)| format!("{name}: {}, not {}", shown(here), shown(recorded))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_names_its_compiler() {
        assert_eq!(gcc_in(b"MZ..GCC: (GNU) 12-win32\0\0x").as_deref(), Some("(GNU) 12-win32"));
        assert_eq!(gcc_in(b"MZ"), None);
        assert_eq!(gcc_in(b"GCC: (GNU)"), None);
        let elf = b"ELF..clang LLVM (rustc version 1.96.0 (ac68 2026-05-25) (built))\0x";
        assert_eq!(rustc_in(elf).as_deref(), Some("1.96.0 (ac68 2026-05-25) (built)"));
        assert_eq!(rustc_in(b"MZ"), None);
        assert!(is_checked(b"..unsafe precondition(s) violated..") && !is_checked(elf));
    }

    #[test]
    fn tools_that_differ_are_named() {
        let tools = |list: &[(&str, &str)]| -> Toolchain {
            list.iter().map(|(name, version)| ((*name).to_owned(), (*version).to_owned())).collect()
        };
        let recorded = tools(&[("rustc", "1.96"), ("qemu", "7.2")]);
        assert_eq!(differences(&recorded, &recorded), Vec::<String>::new());
        let here = tools(&[("rustc", "1.97"), ("gcc", "12")]);
        let lines = differences(&recorded, &here);
        assert_eq!(lines, ["qemu: nothing, not 7.2", "rustc: 1.97, not 1.96", "gcc: 12, not nothing"]);
    }
}
