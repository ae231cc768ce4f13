//! What the kernel knows of ntdll: where ring 3 begins, and through what it calls.

use alloc::vec;

use abi::cell::Link;
use abi::nt::section::SectionObject;
use abi::status::NtStatus;
use object::LittleEndian as LE;
use object::pe;
use object::read::pe::{ExportTable, ExportTarget, ImageNtHeaders};

/// The system's ntdll.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ntdll {
    /// Its image section, with a reference that is never given up.
    pub(crate) section: Link<SectionObject>,
    /// Where every process has it: where it was linked for.
    pub(crate) base: u32,
    pub(crate) entries: Entries,
}

/// Addresses in ntdll, at its own base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entries {
    /// Where a process begins.
    pub initialize_thunk: u32,
    /// Where a thread finds a call that is made in it.
    pub user_apc_dispatcher: u32,
    /// Where a thread goes on with an exception on its stack.
    pub exception_dispatcher: u32,
    /// The system-call stub that uses SYSENTER.
    pub fast_system_call: u32,
    /// The one that uses int 2E.
    pub interrupt_system_call: u32,
    /// Where SYSEXIT goes to.
    pub fast_system_call_return: u32,
}

/// Bytes of the file that hold its headers.
const HEADERS: usize = 0x1000;
/// Most bytes of an export section that are believed.
const LARGEST: u32 = 0x4_0000;

/// Finds the entries in the exports of the DLL of `size` bytes that `read` reads, at an offset, into a slice it fills.
///
/// # Errors
/// The name of the first export that is not there, or what else is wrong with the file.
pub(crate) fn entries(
    size: u32,
    mut read: impl FnMut(u32, &mut [u8]) -> Result<(), NtStatus>,
) -> Result<Entries, &'static str> {
    let mut headers = vec![0; HEADERS.min(size as usize)];
    read(0, &mut headers).map_err(|_| "its headers")?;
    let file = &headers[..];
    let dos = pe::ImageDosHeader::parse(file).map_err(|_| "its MZ header")?;
    let mut offset = u64::from(dos.nt_headers_offset());
    let (nt, directories) = pe::ImageNtHeaders32::parse(file, &mut offset).map_err(|_| "its PE header")?;
    let sections = nt.sections(file, offset).map_err(|_| "its section table")?;
    let (address, length) =
        directories.get(pe::IMAGE_DIRECTORY_ENTRY_EXPORT).ok_or("its export directory")?.address_range();
    let (at, available) = sections.pe_file_range_at(address).ok_or("its export section")?;
    let mut table = vec![0; length.min(available).min(LARGEST) as usize];
    read(at, &mut table).map_err(|_| "its export section")?;
    let exports = ExportTable::parse(&table, address).map_err(|_| "its export table")?;
    let base = nt.optional_header().image_base.get(LE);
    let address = |name: &'static str| {
        let named = |pointer| exports.name_from_pointer(pointer).is_ok_and(|found| found == name.as_bytes());
        let (_, index) = exports.name_iter().find(|(pointer, _)| named(*pointer)).ok_or(name)?;
        match exports.target_by_index(index) {
            Ok(ExportTarget::Address(relative)) => Ok(base.wrapping_add(relative)),
            _ => Err(name),
        }
    };
    Ok(Entries {
        initialize_thunk: address("LdrInitializeThunk")?,
        user_apc_dispatcher: address("KiUserApcDispatcher")?,
        exception_dispatcher: address("KiUserExceptionDispatcher")?,
        fast_system_call: address("KiFastSystemCall")?,
        interrupt_system_call: address("KiIntSystemCall")?,
        fast_system_call_return: address("KiFastSystemCallRet")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(file: &[u8]) -> Result<Entries, &'static str> {
        entries(file.len() as u32, |at, into| {
            let bytes = file.get(at as usize..at as usize + into.len()).ok_or(NtStatus::END_OF_FILE)?;
            into.copy_from_slice(bytes);
            Ok(())
        })
    }

    #[test]
    fn what_is_no_dll_is_told() {
        assert_eq!(of(b""), Err("its MZ header"));
        assert_eq!(of(&[0; 4096]), Err("its MZ header"));
        let mut file = vec![0; 4096];
        file[..2].copy_from_slice(b"MZ");
        assert_eq!(of(&file), Err("its PE header"));
    }
}
