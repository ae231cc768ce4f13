//! `eb ew ed eq`: memory is changed, where the system was started for debugging.

use mm::layout::{PAGE_SIZE, PhysicalAddress};
use mm::machine::Machine;

use super::{Arguments, Done, Problem};
use crate::target::Target;

/// Most bytes changed at once.
const MOST: usize = 256;

/// `eX ADDRESS VALUE...`: the values go to the frames themselves, whatever the entries allow and whoever shares them. All or nothing.
pub(super) fn edit<'a, M: Machine>(target: &Target<'_, M>, size: u32, arguments: &mut Arguments<'a>) -> Done<'a> {
    if !target.debugging {
        return Err(Problem::Say("memory is changed only where the kernel was started with debug"));
    }
    let address = arguments.needed("eb ew ed eq need an address and values")?;
    let mut bytes = [0; MOST];
    let mut length = 0;
    while let Some(value) = arguments.sized(size)? {
        let size = size as usize;
        let place = bytes.get_mut(length..length + size).ok_or(Problem::Say("this is too much at once"))?;
        place.copy_from_slice(&value.to_le_bytes()[..size]);
        length += size;
    }
    if length == 0 {
        return Err(Problem::Say("eb ew ed eq need an address and values"));
    }
    let place = |at: usize| ram_at(target, address.checked_add(at as u32)?);
    if (0..length).any(|at| place(at).is_none()) {
        return Err(Problem::Say("not all of this is in memory: nothing was changed"));
    }
    for (at, byte) in bytes[..length].iter().enumerate() {
        if let Some(physical) = place(at) {
            target.mm.machine.write(physical.frame(), physical.0 as u32 % PAGE_SIZE, &[*byte]);
        }
    }
    Ok(())
}

/// Where in RAM the byte at `address` is.
fn ram_at<M: Machine>(target: &Target<'_, M>, address: u32) -> Option<PhysicalAddress> {
    target.walk(address).physical().filter(|physical| target.mm.is_ram(physical.frame()))
}
