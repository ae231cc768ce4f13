//! The host side of Vadose: what stands behind `./vadose` and the `make` targets.
//!
//! The runner builds the FAT image that is drive C:, writes the plan of what to run, starts QEMU (or Bochs),
//! speaks the framed protocol of the third serial port, and turns what the guest reports into exit codes,
//! test verdicts and tables. It never contains kernel logic: everything it knows about the guest comes over
//! the link, from the serial log or from the emulator's exit status.
//!
//! To see how a program is run, read [`exec`], then [`boot`] and [`link`]. To see how the tests are judged,
//! read [`suite`].
#![forbid(unsafe_code)]

pub mod bench;
pub mod bind;
pub mod boot;
pub mod cli;
pub mod command_line;
pub mod debug;
pub mod disk;
pub mod disk_speed;
pub mod drives;
pub mod dump;
pub mod error;
pub mod exec;
pub mod export_names;
pub mod forensics;
pub mod guest_path;
pub mod hint;
pub mod identity;
pub mod image_symbols;
pub mod isf;
pub mod iso;
pub mod kd;
pub mod link;
pub mod machine;
pub mod monitor;
pub mod paths;
pub mod picture;
pub mod plan;
pub mod power_cut;
pub mod process;
pub mod regions;
pub mod report;
pub mod run;
pub mod strip;
pub mod suite;
pub mod symbols;
pub mod truth;
pub mod types;
pub mod unsafe_list;
pub mod vet;
pub mod volume;
