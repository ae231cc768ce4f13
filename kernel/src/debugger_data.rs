//! The variables that debuggers and forensics tools know by NT's names. A symbol file has them under those: `PS_ACTIVE_PROCESS_HEAD` is
//! `PsActiveProcessHead`.
//!
//! What is here is what such a tool reads of the image itself: heads of lists, tables, and the blocks that lead to them. It is filled once, at
//! start-up, but for the list of processes, whose head is used.

use abi::cell::{Field, Field64, Link};
use abi::nt::debugger::{
    DbgkdGetVersion64, KdDebuggerData64, MiVaRegion, MiVisibleState, SYSTEM_VA_TYPES, VisibleStateLink, data, va_type,
};
use abi::nt::list::ListEntry;
use abi::nt::peb::{LdrDataTableEntry, Peb, PebLdrData, RtlUserProcessParameters};
use abi::nt::string::UnicodeString;
use boot::image;
use mm::MemoryManager;
use mm::layout::{
    FRAME_DATABASE, FRAME_DATABASE_END, KERNEL_STACKS, KERNEL_STACKS_END, PAGE_SIZE, PAGE_TABLES, PAGE_TABLES_END,
    POOL_END, POOL_START, SYSTEM_RANGE_START,
};
use mm::list;
use mm::machine::Records;
use mm::pool::Tag;
use mm::protection::Protection;
use mm::system::Exhausted;
use ob::ObjectManager;

use crate::machine::{HARDWARE, Hardware};

const NO_LINK: Field<Link<ListEntry>> = Field::<Link<ListEntry>>::NULL;
const NO_WORDS: Field64 = Field64 { low: Field::ZERO, high: Field::ZERO };
/// Places for types of objects, one more than NT's largest number.
const TYPES: usize = 32;
/// A free build of XP.
const FREE_BUILD: u16 = 15;
const BUILD: u16 = 2600;
/// Of the public header: protocol 6, 64-bit data.
const PROTOCOL: u16 = 6;
const VERSION_DATA: u16 = 2;
const INTEL_386: u16 = 0x14C;
/// Service Pack 3.
const SERVICE_PACK: u32 = 0x300;
/// What the kernel is called in its list of modules, and its file, both as on XP with PAE.
const MODULE_NAME: &str = "ntoskrnl.exe";
const MODULE_PATH: &str = "\\WINDOWS\\system32\\ntkrnlpa.exe";
/// First address of what belongs to the machine: the shared page and the processor's region.
const HAL: u32 = 0xFFC0_0000;

#[used]
static PS_ACTIVE_PROCESS_HEAD: ListEntry = ListEntry { flink: NO_LINK, blink: NO_LINK };
#[used]
static PS_LOADED_MODULE_LIST: ListEntry = ListEntry { flink: NO_LINK, blink: NO_LINK };
/// From place 1 on, ended by a null.
#[used]
static OBP_OBJECT_TYPES: [Field<u32>; TYPES] = [Field::ZERO; TYPES];
#[used]
static MM_PROTECT_TO_VALUE: [u32; 32] = {
    let mut values = [0; 32];
    let mut code = 0;
    while code < values.len() {
        values[code] = Protection::from_code(code as u32).to_win32();
        code += 1;
    }
    values
};
#[used]
static MM_PFN_DATABASE: u32 = FRAME_DATABASE;
#[used]
static MM_HIGHEST_PHYSICAL_PAGE: Field<u32> = Field::ZERO;
#[used]
static MM_NUMBER_OF_PHYSICAL_PAGES: Field<u32> = Field::ZERO;
#[used]
static MM_NON_PAGED_POOL_START: u32 = POOL_START;
#[used]
static MM_NON_PAGED_POOL_END: u32 = POOL_END;
#[used]
static MM_SYSTEM_RANGE_START: u32 = SYSTEM_RANGE_START;
#[used]
static KE_NUMBER_PROCESSORS: u32 = 1;
#[used]
static NT_BUILD_LAB: [u8; 32] = *b"2600.vadose.xp_sp3\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
#[used]
static CM_NT_CSD_VERSION: u32 = SERVICE_PACK;
#[used]
static MI_VISIBLE_STATE: VisibleStateLink = Field::<Link<MiVisibleState>>::NULL;
static VISIBLE_STATE: MiVisibleState = MiVisibleState { system_va_regions: [MiVaRegion::ABSENT; SYSTEM_VA_TYPES] };
/// Structures of programs' memory, which the kernel knows by the places of their members alone: this keeps them in the debugging information.
struct KnownByPlace {
    _peb: Field<Link<Peb>>,
    _loader: Field<Link<PebLdrData>>,
    _parameters: Field<Link<RtlUserProcessParameters>>,
}
#[used]
static KNOWN_BY_PLACE: KnownByPlace = KnownByPlace {
    _peb: Field::<Link<Peb>>::NULL,
    _loader: Field::<Link<PebLdrData>>::NULL,
    _parameters: Field::<Link<RtlUserProcessParameters>>::NULL,
};
#[used]
static KD_DEBUGGER_DATA_BLOCK: KdDebuggerData64 = KdDebuggerData64([NO_WORDS; data::WORDS]);
#[used]
static KD_VERSION_BLOCK: DbgkdGetVersion64 = DbgkdGetVersion64 {
    major_version: Field::ZERO_HALF,
    minor_version: Field::ZERO_HALF,
    protocol_version: Field::ZERO_HALF,
    flags: Field::ZERO_HALF,
    machine_type: Field::ZERO_HALF,
    max_packet_type: Field::ZERO_BYTE,
    max_state_change: Field::ZERO_BYTE,
    max_manipulate: Field::ZERO_BYTE,
    simulation: Field::ZERO_BYTE,
    unused: Field::ZERO_HALF,
    kern_base: NO_WORDS,
    ps_loaded_module_list: NO_WORDS,
    debugger_data_list: NO_WORDS,
};

/// The head of the list of all processes.
pub fn process_list_head() -> Link<ListEntry> {
    Link::new(address_of(&PS_ACTIVE_PROCESS_HEAD))
}

/// The head of the list of the kernel's modules.
pub fn module_list_head() -> Link<ListEntry> {
    Link::new(address_of(&PS_LOADED_MODULE_LIST))
}

/// The block that leads to the others.
pub fn data_block() -> u32 {
    address_of(&KD_DEBUGGER_DATA_BLOCK)
}

/// Fills what is known before there are processes.
///
/// # Errors
/// [`Exhausted`]; the system is starting and cannot go on.
#[doc(alias = "KdInitSystem")]
pub fn initialise(mm: &MemoryManager<Hardware>, objects: &ObjectManager<'_, Hardware>) -> Result<(), Exhausted> {
    let (_, highest, frames) = mm.physical_pages();
    MM_HIGHEST_PHYSICAL_PAGE.set(highest.0);
    MM_NUMBER_OF_PHYSICAL_PAGES.set(frames);
    for (place, kind) in OBP_OBJECT_TYPES[1..].iter().zip(objects.types()) {
        place.set(kind.get().address());
    }
    fill_regions();
    fill_blocks();
    list_kernel(mm)
}

fn fill_regions() {
    MI_VISIBLE_STATE.set(Link::new(address_of(&VISIBLE_STATE)));
    for (kind, first, end) in [
        (va_type::PROCESS_SPACE, PAGE_TABLES, PAGE_TABLES_END),
        (va_type::BOOT_LOADED, SYSTEM_RANGE_START, FRAME_DATABASE),
        (va_type::PFN_DATABASE, FRAME_DATABASE, FRAME_DATABASE_END),
        (va_type::NON_PAGED_POOL, POOL_START, POOL_END),
        (va_type::SYSTEM_PTES, KERNEL_STACKS, KERNEL_STACKS_END),
        (va_type::HAL, HAL, 0),
    ] {
        let region = &VISIBLE_STATE.system_va_regions[kind];
        region.base_address.set(first);
        region.number_of_bytes.set(end.wrapping_sub(first));
    }
}

fn fill_blocks() {
    let base = image::base();
    let block = data_block();
    let modules = address_of(&PS_LOADED_MODULE_LIST);
    let words = &KD_DEBUGGER_DATA_BLOCK.0;
    for (place, address) in [
        (data::LIST[0], block),
        (data::LIST[1], block),
        (data::KERN_BASE, base),
        (data::PS_LOADED_MODULE_LIST, modules),
        (data::PS_ACTIVE_PROCESS_HEAD, address_of(&PS_ACTIVE_PROCESS_HEAD)),
        (data::MM_PFN_DATABASE, address_of(&MM_PFN_DATABASE)),
        (data::MM_HIGHEST_PHYSICAL_PAGE, address_of(&MM_HIGHEST_PHYSICAL_PAGE)),
        (data::MM_NUMBER_OF_PHYSICAL_PAGES, address_of(&MM_NUMBER_OF_PHYSICAL_PAGES)),
        (data::MM_NON_PAGED_POOL_START, address_of(&MM_NON_PAGED_POOL_START)),
        (data::MM_NON_PAGED_POOL_END, address_of(&MM_NON_PAGED_POOL_END)),
        (data::MM_PAGE_SIZE, PAGE_SIZE),
        (data::NT_BUILD_LAB, address_of(&NT_BUILD_LAB)),
        (data::CM_NT_CSD_VERSION, address_of(&CM_NT_CSD_VERSION)),
    ] {
        words[place].set(address.into());
    }
    words[data::FLAGS].set(data::PAE_ENABLED);
    words[data::TAG_AND_SIZE].set(u64::from(data::TAG) | (size_of::<KdDebuggerData64>() as u64) << 32);
    let version = &KD_VERSION_BLOCK;
    version.major_version.set(FREE_BUILD);
    version.minor_version.set(BUILD);
    version.protocol_version.set(PROTOCOL);
    version.flags.set(VERSION_DATA);
    version.machine_type.set(INTEL_386);
    version.kern_base.set(base.into());
    version.ps_loaded_module_list.set(modules.into());
    version.debugger_data_list.set(block.into());
}

/// Makes the list of the kernel's modules: the kernel.
fn list_kernel(mm: &MemoryManager<Hardware>) -> Result<(), Exhausted> {
    let head = module_list_head();
    list::initialise(&HARDWARE, head);
    let module: Link<LdrDataTableEntry> =
        mm.allocate_zeroed_pool(size_of::<LdrDataTableEntry>() as u32, Tag(*b"MmLd"))?;
    let record = HARDWARE.record(module);
    record.dll_base.set(image::base());
    record.entry_point.set(image::text().0);
    record.size_of_image.set(image::frames().count * PAGE_SIZE);
    record.load_count.set(1);
    name(mm, &record.full_dll_name, MODULE_PATH)?;
    name(mm, &record.base_dll_name, MODULE_NAME)?;
    list::insert_tail(&HARDWARE, head, module.cast());
    Ok(())
}

fn name(mm: &MemoryManager<Hardware>, string: &UnicodeString, text: &str) -> Result<(), Exhausted> {
    let bytes = text.len() as u32 * 2;
    let units: Link<Field<u16>> = mm.allocate_zeroed_pool(bytes, Tag(*b"MmLd"))?;
    for (index, unit) in (0..).zip(text.encode_utf16()) {
        HARDWARE.record(units.offset::<Field<u16>>(index * 2)).set(unit);
    }
    string.set(units.address(), bytes as u16);
    Ok(())
}

/// Where a variable of the image is.
fn address_of<T>(variable: &'static T) -> u32 {
    core::ptr::from_ref(variable) as u32
}
