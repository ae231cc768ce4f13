//! NTSTATUS, under the name that the DLLs use.

pub use abi::status::NtStatus as Status;
