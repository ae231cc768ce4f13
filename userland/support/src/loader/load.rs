//! Finding a DLL, mapping it, and everything it needs in turn.

use alloc::vec::Vec;

use super::bind::bind_imports;
use super::initialise::{Moment, run_initialisers};
use super::list::{PINNED, flag};
use super::reference::{add_reference, free_library};
use super::{LoadError, Mapped, Module, Order, Process};
use crate::image::{Image, Section, relocate};
use crate::path;
use crate::status::Status;

/// `PAGE_READWRITE`.
const READ_WRITE: u32 = 0x04;

/// Loads a DLL and what it imports, runs their initialisers, and counts the reference.
///
/// # Errors
/// Any [`LoadError`]; nothing of the attempt remains (L2).
#[doc(alias = "LdrLoadDll")]
#[inline(never)]
pub fn load_library<P: Process>(process: &P, name: &[u16]) -> Result<Module, LoadError> {
    let mut added = Vec::new();
    let module = load(process, &mut added, name).inspect_err(|_| roll_back(process, &added))?;
    add_reference(process, module);
    if !added.is_empty() {
        run_initialisers(process, Moment::Later).inspect_err(|_| free_library(process, module))?;
    }
    Ok(module)
}

/// Loads the DLL that every program needs, as [`load_library`] does. One that came with the program stays for good, and so does all it
/// imports (L3): there is nothing to count.
///
/// # Errors
/// As [`load_library`].
pub fn require<P: Process>(process: &P, name: &[u16]) -> Result<(), LoadError> {
    match Module::named(process, name) {
        Some(module) if module.load_count(process) == PINNED => Ok(()),
        _ => load_library(process, name).map(drop),
    }
}

/// Maps a DLL and makes it a module, without what it imports and without running its initialiser; counts the reference. One that is
/// loaded already stays as it is.
///
/// # Errors
/// Any [`LoadError`]; nothing of the attempt remains (L2).
pub fn load_image<P: Process>(process: &P, name: &[u16]) -> Result<Module, LoadError> {
    let name = path::module_name(name);
    if let Some(module) = Module::named(process, &name) {
        add_reference(process, module);
        return Ok(module);
    }
    let (path, mapped) = map_first(process, &name)?;
    let module = enter(process, mapped, &path).map_err(|error| error.named(|| path))?.0;
    module.set(process, flag::ENTRY_PROCESSED);
    module.append(process, Order::Initialisation);
    add_reference(process, module);
    Ok(module)
}

/// Finds a module among the loaded ones, or maps and binds it. What was mapped is noted in `added`.
pub(super) fn load<P: Process>(process: &P, added: &mut Vec<Module>, name: &[u16]) -> Result<Module, LoadError> {
    let name = path::module_name(name);
    if let Some(module) = Module::named(process, &name) {
        return Ok(module);
    }
    let known = if path::has_folder(&name) { None } else { process.map_known(&name) };
    let (path, mapped) = known.map_or_else(|| map_first(process, &name), Ok)?;
    add(process, added, mapped, &path).map_err(|error| error.named(|| path))
}

/// Maps the DLL from the first folder that has it.
#[inline(never)]
fn map_first<P: Process>(process: &P, name: &[u16]) -> Result<(Vec<u16>, Mapped), LoadError> {
    let candidates = if path::has_folder(name) {
        [path::absolute(&process.current_directory(), name)].to_vec()
    } else {
        process.search_folders().iter().map(|folder| path::join(folder, name)).collect()
    };
    for path in candidates {
        match process.map_image(&path) {
            Ok(mapped) => return Ok((path, mapped)),
            Err(status) if is_absence(status) => {}
            Err(status) => return Err(LoadError::BadImage { path, status }),
        }
    }
    Err(LoadError::DllNotFound { name: name.to_vec() })
}

/// Whether a status says that there is no such file, so that the search goes on.
fn is_absence(status: Status) -> bool {
    matches!(
        status,
        Status::OBJECT_NAME_NOT_FOUND
            | Status::OBJECT_PATH_NOT_FOUND
            | Status::OBJECT_NAME_INVALID
            | Status::OBJECT_PATH_INVALID
            | Status::OBJECT_PATH_SYNTAX_BAD
            | Status::NO_SUCH_FILE
            | Status::FILE_IS_A_DIRECTORY
    )
}

/// Makes a mapped image a module. The image is unmapped again if it cannot even become an entry; from then on
/// [`roll_back`] takes care of it.
fn add<P: Process>(process: &P, added: &mut Vec<Module>, mapped: Mapped, path: &[u16]) -> Result<Module, LoadError> {
    let (module, image) = enter(process, mapped, path)?;
    added.push(module);
    bind_imports(process, added, &image)?;
    module.append(process, Order::Initialisation);
    Ok(module)
}

/// Makes a mapped image an entry of the lists, or unmaps it.
fn enter<P: Process>(process: &P, mapped: Mapped, path: &[u16]) -> Result<(Module, Image), LoadError> {
    let entered = Image::open(process, mapped.base, mapped.size).map_err(LoadError::from).and_then(|image| {
        relocate_image(process, &image)?;
        Ok((Module::insert(process, mapped, &image, path)?, image))
    });
    entered.inspect_err(|_| process.unmap(mapped.base))
}

/// Relocates an image that is not at its preferred base.
#[inline(always)]
pub(super) fn relocate_image<P: Process>(process: &P, image: &Image) -> Result<(), LoadError> {
    if image.base() == image.preferred_base() { Ok(()) } else { move_image(process, image) }
}

#[inline(never)]
fn move_image<P: Process>(process: &P, image: &Image) -> Result<(), LoadError> {
    if image.is_fixed() {
        return Err(Status::CONFLICTING_ADDRESSES.into());
    }
    let closed: Vec<Section> = image.sections(process)?.filter(|section| !section.is_writable()).collect();
    let reachable = |section: &&Section| section.size != 0 && image.address(section.rva, section.size).is_ok();
    for section in closed.iter().filter(reachable) {
        process.protect(image.base() + section.rva, section.size, READ_WRITE)?;
    }
    relocate(process, image)?;
    for section in closed.iter().filter(reachable) {
        process.protect(image.base() + section.rva, section.size, section.protection())?;
    }
    Ok(())
}

/// Takes the modules of a failed load out again, the last first.
pub(super) fn roll_back<P: Process>(process: &P, added: &[Module]) {
    for &module in added.iter().rev() {
        let base = module.base(process);
        module.remove(process);
        process.unmap(base);
    }
}
