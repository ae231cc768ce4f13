//! The memory manager on a machine in software: what its tests run on.

pub mod awe;
pub mod calls;
pub mod data_files;
pub mod hog;
pub mod image;
pub mod machine;
pub mod naive;
pub mod paging;
pub mod random;
pub mod replay;
pub mod rows;
pub mod sections;
pub mod system;
