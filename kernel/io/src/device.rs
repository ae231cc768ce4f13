//! What a disk must do for a volume.

/// Bytes of a device's sector.
pub const SECTOR: u32 = 512;

/// Why sectors could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceError {
    /// The medium failed.
    Medium,
    /// There are no such sectors.
    OutOfRange,
}

/// Something that holds sectors.
pub trait BlockDevice {
    /// How many there are.
    fn sectors(&self) -> u64;

    /// Reads from the sector `first` on as many sectors as `into` holds; its length is a multiple of [`SECTOR`].
    ///
    /// # Errors
    /// [`DeviceError`]; what `into` holds then is undefined.
    fn read(&self, first: u64, into: &mut [u8]) -> Result<(), DeviceError>;
}
