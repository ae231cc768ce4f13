//! Opening and making files by name, whatever the name leads to.
//!
//! Source: documented parameters of NtOpenFile and NtCreateFile; statuses as FAT volumes, pipes and the null device give them.

use abi::access::{DELETE, FILE_APPEND_DATA, FILE_WRITE_DATA, OBJ_INHERIT};
use abi::file::{FILE_DELETE_ON_CLOSE, FILE_DIRECTORY_FILE, FILE_OPEN, FILE_OPEN_IF, FILE_OPENED};
use abi::status::NtStatus;
use io::{OpenRequest, OpenedFile, Path};
use ob::{Kind, ObjectName};

use crate::executive::Executive;
use crate::platform::Platform;

impl<P: Platform> Executive<P> {
    pub(super) fn open_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle_at, desired_access, attributes_at, status_at, share_access, options] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        let request = OpenRequest { share_access, ..OpenRequest::existing(desired_access, options) };
        self.open(handle_at, attributes_at, status_at, &request)
    }

    pub(super) fn create_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[
            handle_at,
            desired_access,
            attributes_at,
            status_at,
            size_at,
            attributes,
            share_access,
            disposition,
            options,
            ..,
        ] = arguments
        else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        let allocation = if size_at == 0 { 0 } else { self.read_long(size_at)? };
        if allocation >> 63 != 0 {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let request = OpenRequest {
            disposition,
            share_access,
            attributes,
            allocation,
            ..OpenRequest::existing(desired_access, options)
        };
        self.open(handle_at, attributes_at, status_at, &request)
    }

    fn open(
        &self,
        handle_at: u32,
        attributes_at: u32,
        status_at: u32,
        request: &OpenRequest,
    ) -> Result<NtStatus, NtStatus> {
        self.probe_word(handle_at)?;
        self.probe_word(status_at)?;
        request.check()?;
        let attributes = self.read_file_attributes(attributes_at)?;
        let opened = self.open_by_name(&self.object_name(&attributes)?, request)?;
        self.give_file(opened, attributes.flags, handle_at, status_at)
    }

    /// Stores a handle to `opened`, and what was done.
    pub(super) fn give_file(
        &self,
        opened: OpenedFile,
        attributes: u32,
        handle_at: u32,
        status_at: u32,
    ) -> Result<NtStatus, NtStatus> {
        let handle = self.insert_handle_with(opened.file, opened.granted_access, attributes & OBJ_INHERIT)?;
        self.complete(status_at, Ok(opened.information))?;
        self.write_word(handle_at, handle)?;
        Ok(NtStatus::SUCCESS)
    }

    /// Opens or makes what `name` leads to.
    ///
    /// # Errors
    /// Those of [`Self::locate`], and of what is there.
    #[doc(alias = "IopParseDevice")]
    #[doc(alias = "IoCreateFile")]
    pub(crate) fn open_by_name(&self, name: &ObjectName<'_>, request: &OpenRequest) -> Result<OpenedFile, NtStatus> {
        let place = self.locate(name)?;
        let (device, rest) = (place.device, place.rest.units());
        let volume = self.volume_at(device);
        if let Some(volume) = volume
            && !rest.is_empty()
        {
            let path = Path::parse(rest)?;
            return self.with_volume(volume, |volume| volume.open(&path, request));
        }
        let granted_access = Kind::File.rights(request.desired_access);
        let file = match () {
            () if device == self.devices.pipes => return self.open_pipe_device(rest, request),
            () if device == self.devices.console => {
                let writes = granted_access & (FILE_WRITE_DATA | FILE_APPEND_DATA) != 0;
                self.open_console(rest, writes)?
            }
            () if volume.is_some() => {
                check_volume_request(request)?;
                self.create_device_file(device, request)?
            }
            // The null device does not look at names.
            () => self.create_device_file(device, request)?,
        };
        Ok(OpenedFile { file, granted_access, information: FILE_OPENED })
    }

    /// Deletes a file by its name.
    pub(super) fn delete_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[attributes_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let attributes = self.read_file_attributes(attributes_at)?;
        let request = OpenRequest::existing(DELETE, FILE_DELETE_ON_CLOSE);
        let file = self.open_by_name(&self.object_name(&attributes)?, &request)?.file;
        self.release(file);
        Ok(NtStatus::SUCCESS)
    }
}

/// What a volume itself cannot be opened for. Who shares it is not looked at.
#[doc(alias = "FatOpenVolume")]
fn check_volume_request(request: &OpenRequest) -> Result<(), NtStatus> {
    match () {
        () if request.has(FILE_DIRECTORY_FILE) => Err(NtStatus::NOT_A_DIRECTORY),
        () if request.has(FILE_DELETE_ON_CLOSE) => Err(NtStatus::CANNOT_DELETE),
        () if !matches!(request.disposition, FILE_OPEN | FILE_OPEN_IF) => Err(NtStatus::ACCESS_DENIED),
        () => Ok(()),
    }
}
