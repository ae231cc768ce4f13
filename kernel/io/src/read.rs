//! Reading files: sectors straight from the device, found through the runs. What has not been written yet is zeros.

use abi::cell::Link;
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use mm::machine::Machine;

use crate::device::{BlockDevice, SECTOR};
use crate::fcb::Fcb;
use crate::volume::Volume;

/// Bytes read from the device at once, on the stack.
const BUFFER: u32 = SECTOR;
const ZEROS: [u8; BUFFER as usize] = [0; BUFFER as usize];

impl<M: Machine, D: BlockDevice> Volume<'_, M, D> {
    /// Reads from `offset` (bytes) of `file` as much as `into` holds or the file has; how many bytes.
    ///
    /// # Errors
    /// END_OF_FILE where `offset` is not within the file, INVALID_DEVICE_REQUEST for a directory, DEVICE_DATA_ERROR; what
    /// `into` holds then is undefined.
    #[doc(alias = "FatCommonRead")]
    pub fn read(&self, file: Link<FileObject>, offset: u64, into: &mut [u8]) -> Result<u32, NtStatus> {
        let fcb = self.fcb(file);
        if fcb.is_directory() {
            return Err(NtStatus::INVALID_DEVICE_REQUEST);
        }
        let size = u64::from(fcb.file_size.get());
        if into.is_empty() {
            return Ok(0);
        }
        if offset >= size {
            return Err(NtStatus::END_OF_FILE);
        }
        let length = (size - offset).min(into.len() as u64) as u32;
        let mut rest = into;
        self.each_piece(fcb, offset as u32, length, |piece| {
            let (now, later) = core::mem::take(&mut rest).split_at_mut(piece.len());
            now.copy_from_slice(piece);
            rest = later;
        })?;
        Ok(length)
    }

    /// Calls `take` with the `length` bytes from `offset` on, all within the file, piece by piece.
    fn each_piece(&self, fcb: &Fcb, offset: u32, length: u32, mut take: impl FnMut(&[u8])) -> Result<(), NtStatus> {
        let mut buffer = [0; BUFFER as usize];
        let (mut at, mut left) = (offset, length);
        let valid = fcb.valid_data_length.get();
        while left > 0 && at < valid {
            let (sector, available) = self.place_of(fcb, at / SECTOR).ok_or(NtStatus::FILE_CORRUPT_ERROR)?;
            let skip = at % SECTOR;
            let wanted = (skip + left.min(BUFFER)).div_ceil(SECTOR);
            let count = wanted.min(available).min(BUFFER / SECTOR);
            let sectors = &mut buffer[..(count * SECTOR) as usize];
            self.device.read(u64::from(sector), sectors)?;
            let bytes = (count * SECTOR - skip).min(left).min(valid - at);
            take(&sectors[skip as usize..(skip + bytes) as usize]);
            at += bytes;
            left -= bytes;
        }
        while left > 0 {
            let bytes = left.min(BUFFER);
            take(&ZEROS[..bytes as usize]);
            left -= bytes;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
