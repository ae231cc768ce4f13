//! `!peb`, `!teb` and `!dlls`: what a program knows of itself, read from its own memory, which is not trusted.

use core::fmt::{self, Write};
use core::mem::offset_of;

use abi::nt::peb::{LdrDataTableEntry, Peb, PebLdrData, RtlUserProcessParameters};
use abi::nt::teb::Teb;
use mm::machine::Machine;

use super::{Arguments, Done, Problem};
use crate::date::Date;
use crate::target::Target;

/// Characters of a string of the program that are shown.
const LONGEST_TEXT: u32 = 0x1000;
/// Bytes of an environment that are shown.
const LONGEST_ENVIRONMENT: u32 = 0x1_0000;
/// Modules after which a list is taken for endless.
const MOST_MODULES: usize = 0x1000;
/// What stands for what cannot be read.
const UNREADABLE: &str = "????????";

/// A structure in a program's memory.
pub(super) struct User<'t, 'm, M> {
    pub(super) target: &'t Target<'m, M>,
    pub(super) address: u32,
}

impl<M> Clone for User<'_, '_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for User<'_, '_, M> {}

impl<'t, 'm, M: Machine> User<'t, 'm, M> {
    fn at(self, offset: usize) -> u32 {
        self.address.wrapping_add(offset as u32)
    }

    /// The word at `offset`.
    pub(super) fn word(self, offset: usize) -> Option<u32> {
        self.target.word(self.at(offset))
    }

    fn half(self, offset: usize) -> Option<u16> {
        let mut bytes = [0; 2];
        self.target.read(self.at(offset), &mut bytes)?;
        Some(u16::from_le_bytes(bytes))
    }

    fn byte(self, offset: usize) -> Option<u8> {
        let mut byte = [0];
        self.target.read(self.at(offset), &mut byte)?;
        Some(byte[0])
    }

    /// What the pointer at `offset` leads to.
    fn follow(self, offset: usize) -> Option<Self> {
        self.word(offset).map(|address| Self { address, ..self })
    }

    /// The UNICODE_STRING at `offset`.
    fn string(self, offset: usize) -> Option<Text<'t, 'm, M>> {
        let (length, address) = (self.half(offset)?, self.word(offset + 4)?);
        Some(Text { target: self.target, address, units: u32::from(length / 2).min(LONGEST_TEXT) })
    }
}

/// Characters of a program.
struct Text<'t, 'm, M> {
    target: &'t Target<'m, M>,
    address: u32,
    units: u32,
}

impl<M: Machine> Text<'_, '_, M> {
    fn unit(&self, index: u32) -> Option<u16> {
        let mut bytes = [0; 2];
        self.target.read(self.address.wrapping_add(index * 2), &mut bytes)?;
        Some(u16::from_le_bytes(bytes))
    }
}

impl<M: Machine> fmt::Display for Text<'_, '_, M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = (0..self.units).map_while(|index| self.unit(index));
        for character in char::decode_utf16(units) {
            let character = character.ok().filter(|character| !character.is_control()).unwrap_or('.');
            formatter.write_char(character)?;
        }
        if self.units > 0 && self.unit(self.units - 1).is_none() { formatter.write_str(UNREADABLE) } else { Ok(()) }
    }
}

/// A word, or that it cannot be read.
struct Word(Option<u32>);

impl fmt::Display for Word {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(word) => write!(formatter, "{word:08x}"),
            None => formatter.write_str(UNREADABLE),
        }
    }
}

/// A byte that says yes or no.
struct YesNo(Option<u8>);

impl fmt::Display for YesNo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            Some(0) => "No",
            Some(_) => "Yes",
            None => UNREADABLE,
        })
    }
}

/// Text in quotes, or that it cannot be read.
struct Quoted<T>(Option<T>);

impl<T: fmt::Display> fmt::Display for Quoted<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(text) => write!(formatter, "'{text}'"),
            None => formatter.write_str(UNREADABLE),
        }
    }
}

/// The process block of the chosen process, or the one at `asked`.
fn peb_of<'t, 'm, 'a, M: Machine>(
    target: &'t Target<'m, M>,
    asked: Option<u32>,
) -> Result<User<'t, 'm, M>, Problem<'a>> {
    let own = || target.context().map(|process| process.peb.get()).filter(|peb| *peb != 0);
    let address = asked.or_else(own).ok_or(Problem::Say("this process has no PEB"))?;
    Ok(User { target, address })
}

/// `!peb [ADDRESS]`.
pub(super) fn peb<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    let asked = arguments.number()?;
    arguments.end()?;
    let peb = peb_of(target, asked)?;
    writeln!(out, "PEB at {:08x}", peb.address)?;
    let flag = |offset| YesNo(peb.byte(offset));
    writeln!(out, "    InheritedAddressSpace:    {}", flag(offset_of!(Peb, inherited_address_space)))?;
    writeln!(out, "    ReadImageFileExecOptions: {}", flag(offset_of!(Peb, read_image_file_exec_options)))?;
    writeln!(out, "    BeingDebugged:            {}", flag(offset_of!(Peb, being_debugged)))?;
    writeln!(out, "    ImageBaseAddress:         {}", Word(peb.word(offset_of!(Peb, image_base_address))))?;
    loader_lists(peb, out)?;
    writeln!(out, "    SubSystemData:     {}", Word(peb.word(offset_of!(Peb, sub_system_data))))?;
    writeln!(out, "    ProcessHeap:       {}", Word(peb.word(offset_of!(Peb, process_heap))))?;
    writeln!(out, "    ProcessParameters: {}", Word(peb.word(offset_of!(Peb, process_parameters))))?;
    Ok(parameters(peb, out)?)
}

fn loader_lists<M: Machine>(peb: User<'_, '_, M>, out: &mut dyn Write) -> fmt::Result {
    let Some(loader) = peb.follow(offset_of!(Peb, ldr)) else { return writeln!(out, "    Ldr {UNREADABLE}") };
    writeln!(out, "    Ldr                       {:08x}", loader.address)?;
    writeln!(out, "    Ldr.Initialized:          {}", YesNo(loader.byte(offset_of!(PebLdrData, initialized))))?;
    let lists = [
        ("Ldr.InInitializationOrderModuleList:", offset_of!(PebLdrData, in_initialization_order_module_list)),
        ("Ldr.InLoadOrderModuleList:", offset_of!(PebLdrData, in_load_order_module_list)),
        ("Ldr.InMemoryOrderModuleList:", offset_of!(PebLdrData, in_memory_order_module_list)),
    ];
    for (name, offset) in lists {
        writeln!(out, "    {name:<36} {} . {}", Word(loader.word(offset)), Word(loader.word(offset + 4)))?;
    }
    writeln!(out, "            Base TimeStamp                     Module")?;
    for module in modules(peb) {
        let stamp = module.word(offset_of!(LdrDataTableEntry, time_date_stamp));
        let base = module.word(offset_of!(LdrDataTableEntry, dll_base));
        match (base, stamp) {
            (Some(base), Some(stamp)) => write!(out, "        {base:>8x} {stamp:08x} {} ", Date(stamp))?,
            _ => write!(out, "        {UNREADABLE} ")?,
        }
        full_name(module, out)?;
    }
    Ok(())
}

fn full_name<M: Machine>(module: User<'_, '_, M>, out: &mut dyn Write) -> fmt::Result {
    match module.string(offset_of!(LdrDataTableEntry, full_dll_name)) {
        Some(name) => writeln!(out, "{name}"),
        None => writeln!(out, "{UNREADABLE}"),
    }
}

/// The modules in the order in which they were loaded, as far as each entry names the one before: a cycle ends where it closes.
fn modules<'t, 'm, M: Machine>(peb: User<'t, 'm, M>) -> impl Iterator<Item = User<'t, 'm, M>> {
    let head = peb
        .follow(offset_of!(Peb, ldr))
        .map(|loader| User { address: loader.at(offset_of!(PebLdrData, in_load_order_module_list)), ..loader });
    let next = move |entry: &User<'t, 'm, M>| {
        let next = entry.follow(0)?;
        let is_whole = Some(next.address) != head.map(|head| head.address) && next.word(4) == Some(entry.address);
        is_whole.then_some(next)
    };
    core::iter::successors(head.as_ref().and_then(next), next).take(MOST_MODULES)
}

/// What the process was started with.
fn parameters<M: Machine>(peb: User<'_, '_, M>, out: &mut dyn Write) -> fmt::Result {
    let Some(block) = peb.follow(offset_of!(Peb, process_parameters)).filter(|block| block.address != 0) else {
        return Ok(());
    };
    let strings = [
        ("WindowTitle:", offset_of!(RtlUserProcessParameters, window_title)),
        ("ImageFile:", offset_of!(RtlUserProcessParameters, image_path_name)),
        ("CommandLine:", offset_of!(RtlUserProcessParameters, command_line)),
        ("DllPath:", offset_of!(RtlUserProcessParameters, dll_path)),
    ];
    for (name, offset) in strings {
        writeln!(out, "    {name:<13} {}", Quoted(block.string(offset)))?;
    }
    let environment = block.word(offset_of!(RtlUserProcessParameters, environment));
    writeln!(out, "    Environment:  {}", Word(environment))?;
    let mut next = environment;
    while let Some(address) = next {
        // As long as XP lets one be, it ends.
        if environment.is_none_or(|first| address - first >= LONGEST_ENVIRONMENT) {
            writeln!(out, "        ...")?;
            break;
        }
        let mut text = Text { target: peb.target, address, units: LONGEST_TEXT };
        let Some(length) = (0..LONGEST_TEXT).find(|index| text.unit(*index).is_none_or(|unit| unit == 0)) else {
            break;
        };
        if length == 0 {
            break;
        }
        text.units = length;
        writeln!(out, "        {text}")?;
        next = address.checked_add(length * 2 + 2);
    }
    Ok(())
}

/// `!teb [ADDRESS]`; without one, that of the running thread, or of the process's first.
pub(super) fn teb<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    let asked = arguments.number()?;
    arguments.end()?;
    let address = asked.or_else(|| first_teb(target)).ok_or(Problem::Say("no thread here has a TEB"))?;
    let teb = User { target, address };
    let tib = |field: usize| Word(teb.word(offset_of!(Teb, nt_tib) + field));
    writeln!(out, "TEB at {address:08x}")?;
    writeln!(out, "    ExceptionList:        {}", tib(0))?;
    writeln!(out, "    StackBase:            {}", tib(4))?;
    writeln!(out, "    StackLimit:           {}", tib(8))?;
    writeln!(out, "    SubSystemTib:         {}", tib(0xC))?;
    writeln!(out, "    FiberData:            {}", tib(0x10))?;
    writeln!(out, "    ArbitraryUserPointer: {}", tib(0x14))?;
    writeln!(out, "    Self:                 {}", tib(0x18))?;
    writeln!(out, "    EnvironmentPointer:   {}", Word(teb.word(offset_of!(Teb, environment_pointer))))?;
    let id = offset_of!(Teb, client_id);
    writeln!(out, "    ClientId:             {} . {}", Word(teb.word(id)), Word(teb.word(id + 4)))?;
    writeln!(out, "    RpcHandle:            {}", Word(teb.word(offset_of!(Teb, active_rpc_handle))))?;
    writeln!(out, "    Tls Storage:          {}", Word(teb.word(offset_of!(Teb, thread_local_storage_pointer))))?;
    writeln!(out, "    PEB Address:          {}", Word(teb.word(offset_of!(Teb, process_environment_block))))?;
    plain("LastErrorValue:", teb.word(offset_of!(Teb, last_error_value)), out)?;
    plain("LastStatusValue:", teb.word(offset_of!(Teb, last_status_value)), out)?;
    Ok(plain("Count Owned Locks:", teb.word(offset_of!(Teb, count_of_owned_critical_sections)), out)?)
}

/// A number without leading zeros.
fn plain(name: &str, value: Option<u32>, out: &mut dyn Write) -> fmt::Result {
    match value {
        Some(value) => writeln!(out, "    {name:<21} {value:x}"),
        None => writeln!(out, "    {name:<21} {UNREADABLE}"),
    }
}

fn first_teb<M: Machine>(target: &Target<'_, M>) -> Option<u32> {
    target.context()?;
    super::process::threads_of(target, target.process)
        .map_while(|link| target.checked(link))
        .map(|thread| thread.tcb.teb.get())
        .find(|teb| *teb != 0)
}

/// `!dlls [ADDRESS]`: the modules of the process, all or the one whose entry or base `ADDRESS` is.
pub(super) fn dlls<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    let asked = arguments.number()?;
    arguments.end()?;
    let peb = peb_of(target, None)?;
    let mut found = false;
    for module in modules(peb) {
        let base = module.word(offset_of!(LdrDataTableEntry, dll_base));
        if asked.is_none_or(|asked| asked == module.address || Some(asked) == base) {
            found = true;
            one_module(module, out)?;
        }
    }
    if found { Ok(()) } else { Err(Problem::Say("there is no such module")) }
}

fn one_module<M: Machine>(module: User<'_, '_, M>, out: &mut dyn Write) -> fmt::Result {
    let word = |offset| Word(module.word(offset));
    let half = |offset| Word(module.half(offset).map(u32::from));
    write!(out, "\n0x{:08x}: ", module.address)?;
    full_name(module, out)?;
    writeln!(
        out,
        "      Base   0x{}  EntryPoint  0x{}  Size        0x{}",
        word(offset_of!(LdrDataTableEntry, dll_base)),
        word(offset_of!(LdrDataTableEntry, entry_point)),
        word(offset_of!(LdrDataTableEntry, size_of_image))
    )?;
    let flags = module.word(offset_of!(LdrDataTableEntry, flags));
    writeln!(
        out,
        "      Flags  0x{}  LoadCount   0x{}  TlsIndex    0x{}",
        Word(flags),
        half(offset_of!(LdrDataTableEntry, load_count)),
        half(offset_of!(LdrDataTableEntry, tls_index))
    )?;
    const NAMES: [(u32, &str); 7] = [
        (0x2, "LDRP_STATIC_LINK"),
        (0x4, "LDRP_IMAGE_DLL"),
        (0x1000, "LDRP_LOAD_IN_PROGRESS"),
        (0x4000, "LDRP_ENTRY_PROCESSED"),
        (0x4_0000, "LDRP_DONT_CALL_FOR_THREADS"),
        (0x8_0000, "LDRP_PROCESS_ATTACH_CALLED"),
        (0x10_0000, "LDRP_DEBUG_SYMBOLS_LOADED"),
    ];
    let set = NAMES.iter().filter(|(bit, _)| flags.unwrap_or(0) & bit != 0);
    set.into_iter().try_for_each(|(_, name)| writeln!(out, "             {name}"))
}
