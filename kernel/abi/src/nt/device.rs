//! Device objects: what a name leads to that stands for a volume, a pipe, a console.
//!
//! Source: symbol type `_DEVICE_OBJECT` of XP SP3; device types of public Windows headers (`devioctl.h`).

use crate::assert_layout;
use crate::cell::{Field, Record};

/// What stands first in every device object.
#[doc(alias = "IO_TYPE_DEVICE")]
pub const DEVICE_OBJECT_TYPE: u16 = 3;

/// Device type of a disk, and of the volumes on it.
pub const FILE_DEVICE_DISK: u32 = 0x07;
/// Device type of pipes.
pub const FILE_DEVICE_NAMED_PIPE: u32 = 0x11;
/// Device type of the device that holds nothing.
pub const FILE_DEVICE_NULL: u32 = 0x15;
/// Device type of a console.
pub const FILE_DEVICE_CONSOLE: u32 = 0x50;

/// Flag of a device whose own name is the way to everything on it.
#[doc(alias = "DO_DEVICE_HAS_NAME")]
pub const DEVICE_HAS_NAME: u32 = 0x40;

/// A device.
#[doc(alias = "_DEVICE_OBJECT")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct DeviceObject {
    /// [`DEVICE_OBJECT_TYPE`].
    pub kind: Field<u16>,
    pub size: Field<u16>,
    /// File objects that lead to it.
    pub reference_count: Field<u32>,
    pub driver_object: Field<u32>,
    pub next_device: Field<u32>,
    pub attached_device: Field<u32>,
    pub current_irp: Field<u32>,
    pub timer: Field<u32>,
    pub flags: Field<u32>,
    pub characteristics: Field<u32>,
    pub vpb: Field<u32>,
    pub device_extension: Field<u32>,
    /// `FILE_DEVICE_`.
    pub device_type: Field<u32>,
    pub stack_size: Field<u8>,
    pub reserved_31: [Field<u8>; 3],
    pub queue: [Field<u32>; 10],
    pub alignment_requirement: Field<u32>,
    pub device_queue: [Field<u32>; 5],
    pub dpc: [Field<u32>; 8],
    pub active_thread_count: Field<u32>,
    pub security_descriptor: Field<u32>,
    pub device_lock: [Field<u32>; 4],
    /// Bytes.
    pub sector_size: Field<u16>,
    pub spare_1: Field<u16>,
    pub device_object_extension: Field<u32>,
    pub reserved_b4: Field<u32>,
}
impl Record for DeviceObject {}
assert_layout!(DeviceObject, 0xB8, {
    kind: 0, size: 2, reference_count: 4, driver_object: 8, flags: 0x1C, characteristics: 0x20, vpb: 0x24,
    device_extension: 0x28, device_type: 0x2C, stack_size: 0x30, queue: 0x34, alignment_requirement: 0x5C,
    device_queue: 0x60, dpc: 0x74, active_thread_count: 0x94, device_lock: 0x9C, sector_size: 0xAC,
    device_object_extension: 0xB0, reserved_b4: 0xB4,
});
