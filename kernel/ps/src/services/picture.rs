//! Pictures on the console's screen: the size of one, and its rows.
//!
//! A picture is drawn by a program in its own memory and copied from there. The adapter's memory itself is not mapped for programs: it
//! is no RAM, its form is the adapter's, and the console must be able to take its screen back.

use abi::status::NtStatus;

use crate::buffer;
use crate::executive::Executive;
use crate::platform::Platform;

/// Bytes of a pixel.
const PIXEL: u32 = 4;

impl<P: Platform> Executive<P> {
    /// Pixels of a row, and rows.
    ///
    /// # Errors
    /// INVALID_DEVICE_REQUEST where the screen shows no pictures.
    pub(super) fn picture_size(&self) -> Result<(u32, u32), NtStatus> {
        self.platform().picture_size().ok_or(NtStatus::INVALID_DEVICE_REQUEST)
    }

    /// Shows rows of a picture as the three words at `input` say: the first, how many, and where the program has their pixels.
    ///
    /// # Errors
    /// Those of [`Self::picture_size`]; BUFFER_TOO_SMALL for another `length` of the input than three words; INVALID_PARAMETER for rows
    /// that are not there; ACCESS_VIOLATION, and the rows before it have been shown.
    pub(super) fn show_picture(&self, input: u32, length: u32) -> Result<(), NtStatus> {
        let (columns, rows) = self.picture_size()?;
        if length < 12 {
            return Err(NtStatus::BUFFER_TOO_SMALL);
        }
        let mut words = [0; 3];
        self.platform().read_user_words(input, &mut words)?;
        let [first, count, pixels] = words;
        if first > rows || count > rows - first {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let mut row = buffer::zeros(columns * PIXEL)?;
        for index in 0..count {
            // At most a screen's bytes are added.
            let address = pixels.checked_add(index * columns * PIXEL).ok_or(NtStatus::ACCESS_VIOLATION)?;
            self.platform().read_user(address, &mut row)?;
            self.platform().show_row(first + index, &row);
        }
        Ok(())
    }
}
