//! `.reload`: symbols of a process's images, read from C: while the system runs.

use core::fmt;

use abi::cell::Link;
use abi::nt::process::Eprocess;
use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use kd::commands::images_of;
use kd::modules::Module;
use kd::symbols::Symbols;
use spin::mutex::SpinMutex;

use super::target;
use crate::system;

/// Where they are.
const FOLDER: &str = "C:\\WINDOWS\\symbols";
/// Bytes of the largest file of symbols.
const LARGEST: u32 = 1 << 20;

/// What was read. Of a process that was started later it is of no use; the debugger's next `.reload` of a process with the same address replaces it.
static IMAGES: SpinMutex<&'static [Module<'static>]> = SpinMutex::new(&[]);

/// The images whose symbols were read.
pub(super) fn images() -> &'static [Module<'static>] {
    IMAGES.try_lock().map_or(&[], |images| *images)
}

/// Reads the symbols of the images of `process`, and says what there is. What was read before stays in memory: it may be in use, and is small beside
/// what a debugger's person does.
pub(super) fn reload(process: Link<Eprocess>, out: &mut dyn fmt::Write) -> fmt::Result {
    let looked_at = target(process, None);
    let mut images: Vec<Module<'static>> = images().iter().filter(|image| image.process != process).copied().collect();
    for (base, file) in images_of(&looked_at, process) {
        let name = file.file().stem();
        let path = format!("{FOLDER}\\{name}.sym");
        write!(out, "{base:08x} {name:<16} ")?;
        match system::executive().whole_file(&path, LARGEST) {
            Ok(bytes) => {
                let symbols = Symbols::new(Box::leak(bytes.into_boxed_slice()));
                writeln!(out, "{} functions", symbols.len())?;
                images.push(Module { process, base, name, symbols });
            }
            Err(status) => writeln!(out, "no symbols ({path}: {:08X})", status.0)?,
        }
    }
    if let Some(mut place) = IMAGES.try_lock() {
        *place = Box::leak(images.into_boxed_slice());
    }
    Ok(())
}
