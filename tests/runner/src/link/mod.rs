//! The runner's link: the guest's third serial port, both directions cut into frames.
//!
//! [`frame`] is the codec, [`event`] reads the lines of the event channel, [`transcript`] gathers both into
//! what happened to each job. All three are pure; [`crate::boot`] moves the bytes, through [`pipes`].

pub mod event;
pub mod frame;
pub mod pipes;
pub mod transcript;

pub use event::{Event, JobEnd, JobEndKind};
pub use frame::{Channel, Decoder, Frame, LinkError};
pub use transcript::{Bugcheck, JobRecord, Transcript};
