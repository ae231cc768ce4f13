//! Sections: what several processes map, and what comes from a file.
//!
//! Memory may be shared as such; a file is used as an image or as data. Each use has one control area, shared by all who open it, with an array of
//! prototype PTEs, one for each page: what a process's own PTEs say of a shared page is only "ask the prototype". So one
//! frame serves all, and when the last process unmaps it the prototype PTE still knows where it is.

mod arguments;
mod blocks;
mod cluster;
mod data_file;
mod data_view;
mod hold;
mod image;
pub mod image_layout;
mod lifetime;
mod map;
mod memory;
mod physical;
mod records;
mod shared_data;
mod subsections;
mod view;
mod write_back;

pub use arguments::{
    SectionArguments, ViewArguments, check_flush_range, check_view_range, section_attributes, writes_through,
};
pub use cluster::Cluster;
pub(crate) use cluster::MOST_WRITTEN;
pub use data_file::{LARGEST_FILE, Truncation};
pub use data_view::{Disposition, ViewRequest};
pub use hold::{HeldPage, Need};
pub use image_layout::{ImageLayout, NotAnImage};
pub use lifetime::SectionFate;
pub use map::SectionLimits;
pub use records::{ControlArea, ControlAreaFlags, ImageInformation, SECTOR, Segment, Subsection};
pub(crate) use shared_data::SharedData;
pub use view::{GatheredView, Mapped, Place};
pub use write_back::{DirtyRun, WriteRequest, WriteResult};
