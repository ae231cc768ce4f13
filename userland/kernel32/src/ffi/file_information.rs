//! What there is to know of an open file.

use user_support::status::Status;

use super::file::query;
use super::last_error::{Bool, TRUE, fail_with};
use super::nt::NtQueryVolumeInformationFile;
use super::standard_handle::{real_handle, with_status_block};

/// `FileBasicInformation`: creation, last access, last write, change, attributes.
const BASIC_INFORMATION: u32 = 4;
/// `FileStandardInformation`: allocation, end of file, links.
const STANDARD_INFORMATION: u32 = 5;
/// `FileInternalInformation`: the number of the file.
const INTERNAL_INFORMATION: u32 = 6;
/// `FileFsVolumeInformation`: creation, serial number, label.
const VOLUME_INFORMATION: u32 = 1;
/// Words of `BY_HANDLE_FILE_INFORMATION`.
const WORDS: usize = 13;

fn information(file: u32) -> Result<[u32; WORDS], Status> {
    let [created, accessed, written, _, attributes] = query::<5>(file, BASIC_INFORMATION)?;
    let [_, size, links] = query::<3>(file, STANDARD_INFORMATION)?;
    let mut volume = [0u64; 64];
    let (buffer, length) = (volume.as_mut_ptr().cast(), size_of_val(&volume) as u32);
    with_status_block(|block| {
        // SAFETY: the service writes at most `length` bytes and the status words.
        unsafe { NtQueryVolumeInformationFile(real_handle(file), block, buffer, length, VOLUME_INFORMATION) }
    })?;
    let halves = |value: u64| [value as u32, (value >> 32) as u32];
    let [[created, created_high], [accessed, accessed_high], [written, written_high]] =
        [created, accessed, written].map(halves);
    let [size, size_high] = halves(size);
    let [index, index_high] = halves(query::<1>(file, INTERNAL_INFORMATION)?[0]);
    Ok([
        attributes as u32,
        created,
        created_high,
        accessed,
        accessed_high,
        written,
        written_high,
        volume[1] as u32,
        size_high,
        size,
        links as u32,
        index_high,
        index,
    ])
}

/// Attributes, times, size, links and volume of an open file.
///
/// # Safety
/// `target` points to a `BY_HANDLE_FILE_INFORMATION`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetFileInformationByHandle(file: u32, target: *mut [u32; WORDS]) -> Bool {
    match information(file) {
        Ok(words) => {
            // SAFETY: the caller's promise.
            unsafe { target.write_unaligned(words) };
            TRUE
        }
        Err(status) => fail_with(status),
    }
}
