//! The control area of a file's data.

use abi::cell::Link;
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use mm::machine::Machine;
use mm::section::{ControlArea, ControlAreaFlags};

use crate::device::BlockDevice;
use crate::volume::Volume;

impl<M: Machine, D: BlockDevice> Volume<'_, M, D> {
    /// The control area of the data of `file`, made if there is none yet. It refers to a file object, and so the FCB stays as long
    /// as it.
    ///
    /// # Errors
    /// INVALID_DEVICE_REQUEST for a directory, INSUFFICIENT_RESOURCES.
    #[doc(alias = "CcInitializeCacheMap")]
    pub fn data_area(&self, file: Link<FileObject>) -> Result<Link<ControlArea>, NtStatus> {
        let fcb = self.fcb(file);
        if fcb.is_directory() {
            return Err(NtStatus::INVALID_DEVICE_REQUEST);
        }
        let place = &fcb.section_object_pointers.data_section_object;
        if let Some(area) = Link::new(place.get()).some() {
            return Ok(area);
        }
        let size = u64::from(fcb.file_size.get());
        let area = self.memory().create_data_file(file, size, ControlAreaFlags::empty())?;
        self.objects.reference(file);
        place.set(area.address());
        Ok(area)
    }
}
