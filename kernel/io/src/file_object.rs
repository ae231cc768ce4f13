//! File objects and the devices they lead to.
//!
//! * **N5** Every file object leads to a device, whose `ReferenceCount` counts those that do; both until the file object is deleted.

use abi::cell::Link;
use abi::nt::device::DeviceObject;
use abi::nt::file::{FILE_OBJECT_TYPE, FileObject};
use mm::machine::Machine;
use ob::{Condemned, ObjectManager};

/// Makes the new object at `file` an open file of `device`.
pub fn lead_to<M: Machine>(objects: &ObjectManager<'_, M>, file: Link<FileObject>, device: Link<DeviceObject>) {
    let machine = &objects.memory().machine;
    let record = machine.record(file);
    record.kind.set(FILE_OBJECT_TYPE);
    record.size.set(size_of::<FileObject>() as u16);
    record.device_object.set(device);
    if let Some(device) = device.some() {
        machine.record(device).reference_count.update(|count| count + 1);
    }
}

/// Deletes a file object, which leads nowhere any more.
#[doc(alias = "IopDeleteFile")]
pub fn delete<M: Machine>(objects: &ObjectManager<'_, M>, condemned: Condemned) {
    let machine = &objects.memory().machine;
    let device = condemned.body::<FileObject>().and_then(|file| machine.record(file).device_object.get().some());
    if let Some(device) = device {
        machine.record(device).reference_count.update(|count| count - 1);
    }
    objects.delete(condemned);
}
