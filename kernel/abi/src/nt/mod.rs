//! NT's structures, in XP SP3's layout, as far as this system gives their members a meaning. What lies between them is
//! `reserved_`, followed by its offset, and stays zero.
//!
//! Source: symbol types of XP SP3 as Volatility publishes them; Windows XP headers for what programs see.

pub mod context;
pub mod debugger;
pub mod device;
pub mod dispatcher;
pub mod file;
pub mod job;
pub mod list;
pub mod name_space;
pub mod object;
pub mod peb;
pub mod process;
pub mod section;
pub mod string;
pub mod teb;
pub mod thread;
pub mod timer;
pub mod token;
pub mod user_shared_data;
