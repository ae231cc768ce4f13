//! Objects: what processes, threads, files and sections have in common.
//!
//! An object is one block of nonpaged pool, tagged by its type: an `_OBJECT_HEADER`, and behind it the body that everyone
//! refers to. It lives as long as somebody refers to it. A handle is a reference that a process holds by number, through its
//! handle table, with the rights it was opened with.
//!
//! Nothing here knows how to take a body apart but those of the name space: when the last reference goes, the caller gets the object back as a
//! [`Condemned`] value, does what its type needs, and hands it to [`ObjectManager::delete`].
//!
//! | to see | open |
//! |---|---|
//! | which types there are | [`kind`] |
//! | headers, references, deletion | [`object`] |
//! | handles | [`handle`] |
//! | names, directories, symbolic links | [`names`] |
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod handle;
pub mod kind;
pub mod names;
pub mod object;

pub use handle::{Closed, Handle, HandleCorruption, Handles};
pub use kind::{Kind, Object};
pub use names::{Found, NameCorruption, ObjectName, Remainder, Vacancy};
pub use object::{Condemned, ObjectManager, header_of};
