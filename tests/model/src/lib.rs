//! The memory manager on a machine in software: what its tests run on.

pub mod machine;
