//! The volumes that are mounted, each with a drive letter: C: first, which the system is on.
//!
//! * **N7** A file object with an FCB leads to the device of a volume.

use abi::cell::Link;
use abi::nt::device::DeviceObject;
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use io::{FileCorruption, Volume};
use ob::Kind;

use crate::executive::Executive;
use crate::platform::Platform;

/// Volumes at most: drives C: to Z:.
pub const MOST_VOLUMES: usize = 24;

impl<P: Platform> Executive<P> {
    /// C:.
    pub fn system_volume(&self) -> &Volume<'static, P, P::Disk> {
        &self.volumes[0]
    }

    /// The volume that `device` stands for.
    pub(crate) fn volume_at(&self, device: Link<DeviceObject>) -> Option<&Volume<'static, P, P::Disk>> {
        self.volumes.iter().find(|volume| volume.device_object() == device)
    }

    /// The volume that `file` is on, or that it stands for (N7).
    pub fn volume_of(&self, file: Link<FileObject>) -> &Volume<'static, P, P::Disk> {
        self.volume_at(self.machine_record(file).device_object.get()).unwrap_or(self.system_volume())
    }

    /// Does `work` with each, and goes on after a failure.
    ///
    /// # Errors
    /// The first failure.
    pub(crate) fn on_volumes(
        &self,
        work: impl Fn(&Volume<'static, P, P::Disk>) -> Result<(), NtStatus>,
    ) -> Result<(), NtStatus> {
        let mut result = Ok(());
        for volume in &self.volumes {
            result = result.and(work(volume));
        }
        result
    }

    /// Checks what is open on each, and N7; how many files there are. Nobody is about to open or close one.
    ///
    /// # Errors
    /// The first thing found wrong.
    pub(crate) fn verify_volumes(&self) -> Result<u32, FileCorruption> {
        let has_handle =
            |process, file| self.processes().any(|other| other == process) && self.has_handle(process, file);
        let mut files = 0;
        for volume in &self.volumes {
            files += volume.verify_files(has_handle)?;
        }
        let mut stray = None;
        self.objects().each_unnamed(|file: Link<FileObject>| {
            let record = self.machine_record(file);
            if record.fs_context.get() != 0 && self.volume_at(record.device_object.get()).is_none() {
                stray = Some(Link::new(record.fs_context.get()));
            }
        });
        match stray {
            Some(fcb) => Err(FileCorruption::I1 { fcb, found: self.objects().count(Kind::File), recorded: 0 }),
            None => Ok(files),
        }
    }
}
