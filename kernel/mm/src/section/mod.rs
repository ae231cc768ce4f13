//! Sections: what several processes map, and what comes from a file.
//!
//! A file is used as an image or as data. Each use has one control area, shared by all who open it, with an array of
//! prototype PTEs, one for each page: what a process's own PTEs say of a shared page is only "ask the prototype". So one
//! frame serves all, and when the last process unmaps it the prototype PTE still knows where it is.

mod image;
pub mod image_layout;
mod records;
mod shared_data;
mod view;

pub use image::SectionFate;
pub use image_layout::{ImageLayout, NotAnImage};
pub use records::{ControlArea, ControlAreaFlags, ImageInformation, SECTOR, Segment, Subsection};
pub(crate) use shared_data::SharedData;
pub use view::{Mapped, Place};
