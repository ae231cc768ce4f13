//! Drive C: of an `exec`: a boot module that goes with the run, or a disk.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::boot::Drive;
use crate::disk::{self, Care, Disk};
use crate::error::{Error, Result};
use crate::exec::ExecOptions;
use crate::guest_path;
use crate::machine::names;
use crate::paths::Tree;
use crate::process;
use crate::volume::Volume;

/// Drive C: of a run.
#[derive(Debug)]
pub enum DriveC {
    /// A boot module.
    Module(Volume),
    /// The user's disk, which stays.
    Kept(PathBuf),
    /// A disk that is thrown away when what was asked for has been taken from it.
    Scratch(TempDir, PathBuf),
}

impl DriveC {
    /// Lays out C:: the system, unless the user's disk has one, and `files`.
    ///
    /// # Errors
    /// [`Error::Unbuilt`], and [`Error::BadInput`] with what is wrong with the files or the disk.
    pub fn prepare(tree: &Tree, files: Volume, options: &ExecOptions) -> Result<Self> {
        let mut system = tree.system_volume()?;
        if let Some(path) = &options.disk {
            if !path.exists() {
                disk::create(&system, disk::ROOM_FOR_USERS, path)?;
            }
            disk::put(path, &files).map_err(|error| Error::BadInput(error.to_string()))?;
            return Ok(Self::Kept(path.clone()));
        }
        system.add_all(files)?;
        if options.get.is_empty() {
            return Ok(Self::Module(system));
        }
        let folder = process::scratch_folder()?;
        let path = folder.path().join(names::DISK);
        disk::create(&system, disk::ROOM_FOR_TESTS, &path)?;
        Ok(Self::Scratch(folder, path))
    }

    /// As a boot has it.
    #[must_use]
    pub fn drive(&self) -> Drive<'_> {
        match self {
            Self::Module(volume) => Drive::Volume(volume),
            Self::Kept(path) => Drive::Disk(Disk { path, care: Care::Safe, place: 0 }),
            Self::Scratch(_, path) => Drive::Disk(Disk { path, care: Care::Unsafe, place: 0 }),
        }
    }

    /// Copies the files called `names` from C: to the current directory.
    ///
    /// # Errors
    /// [`Error::Host`] for a file that is not there or a name that no file here can have.
    pub fn get(&self, names: &[String]) -> Result<()> {
        let (Self::Kept(path) | Self::Scratch(_, path)) = self else { return Ok(()) };
        for name in names {
            let bytes = disk::get(path, name)?;
            let target = name.rsplit(['\\', '/', ':']).next().unwrap_or(name);
            let target = guest_path::file_name(Path::new(target))?;
            fs::write(&target, bytes).map_err(Error::file("writing", Path::new(&target)))?;
        }
        Ok(())
    }
}
