//! How processes ended: what is told of each when it is gone.

use alloc::collections::BTreeMap;
use alloc::string::String;

use abi::status::NtStatus;
use spin::Mutex;

/// Why a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It ended itself, or was ended, with this status.
    Exit(NtStatus),
    /// An exception that nobody handled, at this address.
    Exception {
        /// The exception.
        status: NtStatus,
        /// EIP.
        address: u32,
        /// What it did, for people.
        detail: String,
    },
    /// The loader, or the kernel before it, could not start it.
    Loader(NtStatus, String),
}

impl Ending {
    /// The status that stays with the process.
    pub fn status(&self) -> NtStatus {
        match self {
            Self::Exit(status) | Self::Exception { status, .. } | Self::Loader(status, _) => *status,
        }
    }
}

/// Endings by process number, of the processes that somebody wants to be told of. The first reason given stands.
pub(crate) struct Endings(Mutex<BTreeMap<u32, Option<Ending>>>);

impl Endings {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// The ending of `process`, which has not ended, is to be kept until it is taken.
    pub(crate) fn expect(&self, process: u32) {
        self.0.lock().insert(process, None);
    }

    pub(crate) fn record(&self, process: u32, ending: Ending) {
        if let Some(place) = self.0.lock().get_mut(&process) {
            place.get_or_insert(ending);
        }
    }

    pub(crate) fn take(&self, process: u32) -> Option<Ending> {
        self.0.lock().remove(&process).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_stands() {
        let endings = Endings::new();
        endings.expect(8);
        endings.record(8, Ending::Loader(NtStatus::DLL_NOT_FOUND, "x.dll".into()));
        endings.record(8, Ending::Exit(NtStatus::DLL_NOT_FOUND));
        assert_eq!(endings.take(8), Some(Ending::Loader(NtStatus::DLL_NOT_FOUND, "x.dll".into())));
        assert_eq!(endings.take(8), None);
        endings.record(8, Ending::Exit(NtStatus::SUCCESS));
        assert_eq!(endings.take(8), None, "nobody wants to know");
    }
}
