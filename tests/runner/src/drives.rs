//! The drives of an `exec`: C:, a boot module that goes with the run or a disk, and D:, a disk that goes with the run.

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

/// The drives of a run.
#[derive(Debug)]
pub struct Drives {
    c: DriveC,
    /// D:, where there is one.
    d: Option<(TempDir, PathBuf)>,
}

/// Drive C:.
#[derive(Debug)]
enum DriveC {
    /// A boot module.
    Module(Volume),
    /// The user's disk, which stays.
    Kept(PathBuf),
    /// A disk that is thrown away when what was asked for has been taken from it.
    Scratch { _folder: TempDir, path: PathBuf },
}

impl Drives {
    /// Lays them out: on C: the system, unless the user's disk has one, and `files`.
    ///
    /// # Errors
    /// [`Error::Unbuilt`], and [`Error::BadInput`] with what is wrong with the files, the disk or the folder.
    pub fn prepare(tree: &Tree, files: Volume, options: &ExecOptions) -> Result<Self> {
        let d = options.drive_d.as_deref().map(drive_d).transpose()?;
        Ok(Self { c: DriveC::prepare(tree, files, options)?, d })
    }

    /// As a boot has them.
    #[must_use]
    pub fn drive(&self) -> Drive<'_> {
        let Some((_, path)) = &self.d else { return self.c.drive() };
        let second = Disk { path, care: Care::Unsafe, place: 1 };
        match self.c.drive() {
            Drive::Volume(volume) => Drive::Both(volume, second),
            Drive::Disk(first) => Drive::Two([first, second]),
            other => other,
        }
    }

    /// Copies the files called `names` from C: to the current directory.
    ///
    /// # Errors
    /// [`Error::Host`] for a file that is not there or a name that no file here can have.
    pub fn get(&self, names: &[String]) -> Result<()> {
        self.c.get(names)
    }
}

/// A disk with what `folder` holds, and room for more.
fn drive_d(folder: &Path) -> Result<(TempDir, PathBuf)> {
    let mut volume = Volume::default();
    volume.add_folder("", folder)?;
    let scratch = process::scratch_folder()?;
    let path = scratch.path().join(names::DISK);
    disk::create(&volume, disk::ROOM_FOR_TESTS, &path)?;
    Ok((scratch, path))
}

impl DriveC {
    fn prepare(tree: &Tree, files: Volume, options: &ExecOptions) -> Result<Self> {
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
        Ok(Self::Scratch { _folder: folder, path })
    }

    fn drive(&self) -> Drive<'_> {
        match self {
            Self::Module(volume) => Drive::Volume(volume),
            Self::Kept(path) => Drive::Disk(Disk { path, care: Care::Safe, place: 0 }),
            Self::Scratch { path, .. } => Drive::Disk(Disk { path, care: Care::Unsafe, place: 0 }),
        }
    }

    fn get(&self, names: &[String]) -> Result<()> {
        let (Self::Kept(path) | Self::Scratch { path, .. }) = self else { return Ok(()) };
        for name in names {
            let bytes = disk::get(path, name)?;
            let target = name.rsplit(['\\', '/', ':']).next().unwrap_or(name);
            let target = guest_path::file_name(Path::new(target))?;
            fs::write(&target, bytes).map_err(Error::file("writing", Path::new(&target)))?;
        }
        Ok(())
    }
}
