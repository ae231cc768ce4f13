//! Why a load fails.

use alloc::vec::Vec;

use crate::image::Malformed;
use crate::status::Status;

/// Why a program or a DLL cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// No folder of the search has the DLL.
    DllNotFound {
        /// Its name, as it was asked for.
        name: Vec<u16>,
    },
    /// The DLL does not export the name.
    SymbolNotFound {
        /// The name.
        name: Vec<u8>,
        /// The DLL's file name.
        dll: Vec<u16>,
    },
    /// The DLL does not export the ordinal.
    OrdinalNotFound {
        /// The ordinal.
        ordinal: u32,
        /// The DLL's file name.
        dll: Vec<u16>,
    },
    /// The file is there, but no image that can be used.
    BadImage {
        /// Its path.
        path: Vec<u16>,
        /// What was refused.
        status: Status,
    },
    /// The DLL's initialiser said no.
    InitialiserFailed {
        /// The DLL's file name.
        dll: Vec<u16>,
    },
    /// A table of the image leads out of it; [`LoadError::named`] adds which image.
    Malformed,
    /// No memory, or a service refused.
    Refused(Status),
}

impl LoadError {
    /// The status that stands for the error.
    pub fn status(&self) -> Status {
        match self {
            Self::DllNotFound { .. } => Status::DLL_NOT_FOUND,
            Self::SymbolNotFound { .. } => Status::ENTRYPOINT_NOT_FOUND,
            Self::OrdinalNotFound { .. } => Status::ORDINAL_NOT_FOUND,
            Self::InitialiserFailed { .. } => Status::DLL_INIT_FAILED,
            Self::Malformed => Status::INVALID_IMAGE_FORMAT,
            Self::BadImage { status, .. } | Self::Refused(status) => *status,
        }
    }

    /// The same error, knowing that the image at `path` was being worked on.
    #[cold]
    #[inline(never)]
    pub(super) fn named(self, path: impl FnOnce() -> Vec<u16>) -> Self {
        match self {
            Self::Malformed => Self::BadImage { path: path(), status: Status::INVALID_IMAGE_FORMAT },
            other => other,
        }
    }
}

impl From<Malformed> for LoadError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<Status> for LoadError {
    fn from(status: Status) -> Self {
        Self::Refused(status)
    }
}
