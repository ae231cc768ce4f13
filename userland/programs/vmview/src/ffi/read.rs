//! An address space, as it is now.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use abi::memory::{MEM_IMAGE, MEM_MAPPED, MemoryBasicInformation};
use vmview::kind::Kind;
use vmview::sort::{Known, Probe, may_be_special, special};
use vmview::space::{END, FIRST, PAGE, Region, Space};

use super::process::Process;

/// What is known of an allocation that has been seen: what it is for.
type Owners = BTreeMap<u32, Kind>;

/// The address space of `process`, whose number is `number`; none where it has none, any more.
pub fn space(process: &Process, number: u32) -> Option<Space> {
    let known = Known { heaps: process.heaps().unwrap_or_default(), stacks: process.stacks() };
    let working_set = process.working_set();
    let pages = working_set.as_deref().unwrap_or_default();
    let mut owners = Owners::new();
    let (mut regions, mut at) = (Vec::new(), FIRST);
    while at < END {
        let region = region(process, at, &known, pages, &mut owners)?;
        at = region.information.base_address + region.information.region_size;
        regions.push(region);
    }
    if working_set.is_some() {
        look_closer(process, &mut regions);
    }
    let program = process.program().unwrap_or_default();
    Some(Space { process: number, program, regions, knows_working_set: working_set.is_some() })
}

fn region(process: &Process, at: u32, known: &Known, pages: &[u32], owners: &mut Owners) -> Option<Region> {
    let [base_address, allocation_base, allocation_protect, size, state, protect, kind] = process.region(at)?;
    let region_size = size.min(END.checked_sub(base_address)?);
    let information =
        MemoryBasicInformation { base_address, allocation_base, allocation_protect, region_size, state, protect, kind };
    if base_address != at || size < PAGE {
        return None;
    }
    let mut note = String::new();
    let owner = match owners.get(&allocation_base) {
        Some(owner) if allocation_base != 0 => *owner,
        _ => {
            let name = matches!(kind, MEM_IMAGE | MEM_MAPPED).then(|| process.mapped_file(at)).flatten();
            let owner = known.owner(&information, name.is_some());
            note = match (owner, known.stack(allocation_base)) {
                (Kind::Stack, Some(thread)) => format!("thread {thread}"),
                _ => name.unwrap_or_default(),
            };
            owners.insert(allocation_base, owner);
            owner
        }
    };
    let first = pages.partition_point(|page| *page < base_address);
    let last = pages.partition_point(|page| *page < base_address + region_size);
    Some(Region { information, owner, resident: (last - first) as u32, note })
}

/// Finds windows of AWE and large pages among what seems to be private memory, none of which is in the working set.
fn look_closer(process: &Process, regions: &mut [Region]) {
    let mut start = 0;
    while start < regions.len() {
        let base = regions[start].information.allocation_base;
        let count = regions[start..].iter().take_while(|region| region.information.allocation_base == base).count();
        let allocation = &mut regions[start..start + count];
        start += count;
        let is_there = allocation.iter().any(|region| region.resident > 0);
        let suspect = allocation.iter().find(|region| may_be_special(&region.information, region.resident));
        let Some(suspect) = suspect.filter(|region| region.owner == Kind::Private && !is_there) else { continue };
        let owner = special(&suspect.information, probe(process, suspect.information.base_address));
        allocation.iter_mut().for_each(|region| region.owner = owner);
    }
}

fn probe(process: &Process, page: u32) -> Probe {
    let was_read = process.read(page, &mut [0]);
    let is_resident = process.working_set().is_none_or(|pages| pages.binary_search(&page).is_ok());
    let can_lock = if was_read && !is_resident { process.can_lock(page) } else { None };
    Probe { was_read, is_resident, can_lock }
}
