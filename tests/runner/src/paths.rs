//! Where things are: the working tree, and what `make` builds in its `out/` folder.

use std::env;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::volume::Volume;

/// The folders of one working tree.
#[derive(Clone, Debug)]
pub struct Tree {
    root: PathBuf,
}

/// The file by which the kernel knows the volume that is C: (`kernel/src/volumes.rs`), and what it says.
const SYSTEM_MARK: (&str, &[u8]) = ("WINDOWS/vadose.txt", b"The system is on this volume: it becomes drive C:.\r\n");

impl Tree {
    /// The tree that this runner was built in; `VADOSE_ROOT` names another one.
    #[must_use]
    pub fn find() -> Self {
        let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
        let root = env::var_os("VADOSE_ROOT").map(PathBuf::from);
        Self { root: root.or_else(|| built_in.map(Path::to_owned)).unwrap_or_default() }
    }

    /// The tree at `root`, for tests.
    #[cfg(test)]
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path below the root.
    #[must_use]
    pub fn file(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// A path below `out/`.
    #[must_use]
    pub fn out(&self, path: &str) -> PathBuf {
        self.root.join("out").join(path)
    }

    /// The kernel as it boots: symbols packed, debugging information stripped.
    ///
    /// # Errors
    /// [`Error::Unbuilt`].
    pub fn kernel(&self) -> Result<PathBuf> {
        self.built("kernel", "kernel")
    }

    /// The kernel with its debugging information, for gdb.
    ///
    /// # Errors
    /// [`Error::Unbuilt`].
    pub fn kernel_for_debugger(&self) -> Result<PathBuf> {
        self.built("kernel.elf", "kernel")
    }

    /// A new drive C: with the system's DLLs and programs where Windows has them.
    ///
    /// # Errors
    /// [`Error::Unbuilt`] without them.
    pub fn system_volume(&self) -> Result<Volume> {
        let system = self.built("system32", "userland")?;
        let mut volume = Volume::default();
        volume.add_bytes(SYSTEM_MARK.0, SYSTEM_MARK.1.to_vec())?;
        volume.add_folder("WINDOWS/system32", &system)?;
        volume.add_folder("WINDOWS/system32", &self.built("programs", "guest")?)?;
        Ok(volume)
    }

    /// A file or folder of `out/` that has to be there.
    ///
    /// # Errors
    /// [`Error::Unbuilt`] with the make target that builds it.
    pub fn built(&self, path: &str, target: &'static str) -> Result<PathBuf> {
        let path = self.out(path);
        if path.exists() { Ok(path) } else { Err(Error::Unbuilt { path, target }) }
    }
}
