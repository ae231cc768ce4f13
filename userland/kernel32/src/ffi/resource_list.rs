//! Resources of a module, one after the other: types, names, languages. Each is told to a function of the caller, which ends
//! the listing by answering 0.

use alloc::vec::Vec;

use user_support::error::Win32Error;
use user_support::image::ResourceName;
use user_support::text;

use super::last_error::{Bool, FALSE, fail};
use super::resource::{ansi_name, wide_name, with_resources};

type TypeFunction = unsafe extern "system" fn(u32, u32, u32) -> Bool;
type NameFunction = unsafe extern "system" fn(u32, u32, u32, u32) -> Bool;
type LanguageFunction = unsafe extern "system" fn(u32, u32, u32, u16, u32) -> Bool;

/// A name as a function of the caller gets it: a number, or the address of a text that lives as long as this.
struct Told(ResourceName, Vec<u16>, Vec<u8>);

impl Told {
    fn of(name: ResourceName) -> Self {
        let mut wide = match &name {
            ResourceName::Number(_) => Vec::new(),
            ResourceName::Text(units) => units.clone(),
        };
        let mut bytes = text::ansi(&wide);
        wide.push(0);
        bytes.push(0);
        Self(name, wide, bytes)
    }

    fn wide(&self) -> u32 {
        match self.0 {
            ResourceName::Number(number) => number.into(),
            ResourceName::Text(_) => self.1.as_ptr() as u32,
        }
    }

    fn ansi(&self) -> u32 {
        match self.0 {
            ResourceName::Number(number) => number.into(),
            ResourceName::Text(_) => self.2.as_ptr() as u32,
        }
    }
}

/// Tells each of `items`, until `tell` answers no.
fn tell_all<T>(items: Result<Vec<T>, Win32Error>, mut tell: impl FnMut(T) -> Bool) -> Bool {
    match items {
        Ok(items) => items.into_iter().all(|item| tell(item) != FALSE).into(),
        Err(error) => fail(error),
    }
}

/// Tells the types that a module has.
///
/// # Safety
/// `function` is one that takes module, type and `parameter`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn EnumResourceTypesA(base: u32, function: TypeFunction, parameter: u32) -> Bool {
    tell_all(with_resources(base, |resources| resources.types()), |name| {
        // SAFETY: the caller's promise; the text lives until the function returns.
        unsafe { function(base, Told::of(name).ansi(), parameter) }
    })
}

/// The same in UTF-16.
///
/// # Safety
/// As [`EnumResourceTypesA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn EnumResourceTypesW(base: u32, function: TypeFunction, parameter: u32) -> Bool {
    tell_all(with_resources(base, |resources| resources.types()), |name| {
        // SAFETY: the caller's promise; the text lives until the function returns.
        unsafe { function(base, Told::of(name).wide(), parameter) }
    })
}

/// Tells the resources of one type.
///
/// # Safety
/// `kind` is a number or a string; `function` takes module, type, name and `parameter`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn EnumResourceNamesA(
    base: u32,
    kind: *const u8,
    function: NameFunction,
    parameter: u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let wanted = unsafe { ansi_name(kind) };
    tell_all(with_resources(base, |resources| resources.names(&wanted)), |name| {
        // SAFETY: the caller's promise; the text lives until the function returns.
        unsafe { function(base, kind as u32, Told::of(name).ansi(), parameter) }
    })
}

/// The same in UTF-16.
///
/// # Safety
/// As [`EnumResourceNamesA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn EnumResourceNamesW(
    base: u32,
    kind: *const u16,
    function: NameFunction,
    parameter: u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let wanted = unsafe { wide_name(kind) };
    tell_all(with_resources(base, |resources| resources.names(&wanted)), |name| {
        // SAFETY: the caller's promise; the text lives until the function returns.
        unsafe { function(base, kind as u32, Told::of(name).wide(), parameter) }
    })
}

/// Tells the languages of a resource.
///
/// # Safety
/// `kind` and `name` are numbers or strings; `function` takes module, type, name, language and `parameter`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn EnumResourceLanguagesA(
    base: u32,
    kind: *const u8,
    name: *const u8,
    function: LanguageFunction,
    parameter: u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let wanted_kind = unsafe { ansi_name(kind) };
    // SAFETY: as above.
    let wanted = unsafe { ansi_name(name) };
    tell_all(with_resources(base, |resources| resources.languages(&wanted_kind, &wanted)), |language| {
        // SAFETY: the caller's promise.
        unsafe { function(base, kind as u32, name as u32, language, parameter) }
    })
}

/// The same in UTF-16.
///
/// # Safety
/// As [`EnumResourceLanguagesA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn EnumResourceLanguagesW(
    base: u32,
    kind: *const u16,
    name: *const u16,
    function: LanguageFunction,
    parameter: u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let wanted_kind = unsafe { wide_name(kind) };
    // SAFETY: as above.
    let wanted = unsafe { wide_name(name) };
    tell_all(with_resources(base, |resources| resources.languages(&wanted_kind, &wanted)), |language| {
        // SAFETY: the caller's promise.
        unsafe { function(base, kind as u32, name as u32, language, parameter) }
    })
}
