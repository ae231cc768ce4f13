//! NT's structures, in XP SP3's layout, as far as this system gives their members a meaning.

pub mod file;
pub mod list;
pub mod process;
