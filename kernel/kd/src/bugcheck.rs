//! What a bugcheck says: code, parameters, registers, calls.
//!
//! Source: codes and the meaning of their parameters from Microsoft's bug check reference.

use core::fmt;

use crate::backtrace;
use crate::symbols::Symbols;

/// A reason to stop the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BugcheckCode(pub u32);

macro_rules! codes {
    ($($name:ident = $value:literal;)*) => {
        #[allow(missing_docs, reason = "the names are NT's")]
        impl BugcheckCode {
            $(pub const $name: Self = Self($value);)*

            /// NT's name of the code, or `None` where this table does not have it.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}
codes! {
    IRQL_NOT_LESS_OR_EQUAL = 0x0A;
    BAD_POOL_HEADER = 0x19;
    MEMORY_MANAGEMENT = 0x1A;
    KMODE_EXCEPTION_NOT_HANDLED = 0x1E;
    NO_MORE_SYSTEM_PTES = 0x3F;
    MUST_SUCCEED_POOL_EMPTY = 0x41;
    PFN_LIST_CORRUPT = 0x4E;
    PAGE_FAULT_IN_NONPAGED_AREA = 0x50;
    PHASE0_INITIALIZATION_FAILED = 0x31;
    PHASE1_INITIALIZATION_FAILED = 0x32;
    PROCESS1_INITIALIZATION_FAILED = 0x6B;
    INSTALL_MORE_MEMORY = 0x7D;
    INACCESSIBLE_BOOT_DEVICE = 0x7B;
    UNEXPECTED_KERNEL_MODE_TRAP = 0x7F;
    NMI_HARDWARE_FAILURE = 0x80;
    MACHINE_CHECK_EXCEPTION = 0x9C;
    ATTEMPTED_WRITE_TO_READONLY_MEMORY = 0xBE;
    BAD_POOL_CALLER = 0xC2;
    MANUALLY_INITIATED_CRASH = 0xE2;
    CRITICAL_OBJECT_TERMINATION = 0xF4;
    ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY = 0xFC;
}

/// Registers at the moment of a trap.
#[derive(Clone, Copy, Debug, Default)]
pub struct Registers {
    /// EAX, EBX, ECX, EDX, ESI, EDI.
    pub general: [u32; 6],
    /// EIP, ESP, EBP.
    pub pointers: [u32; 3],
    /// EFLAGS.
    pub flags: u32,
    /// CS, SS, DS, ES, FS, GS.
    pub segments: [u32; 6],
    /// CR2.
    pub fault_address: u32,
    /// Error code of the exception.
    pub error_code: u32,
}

/// Everything a bugcheck shows. Displays as several lines, at most 80 columns wide where names allow.
pub struct Report<'a, P> {
    /// The reason.
    pub code: BugcheckCode,
    /// Its four parameters.
    pub parameters: [u32; 4],
    /// What a failed assertion said.
    pub message: Option<fmt::Arguments<'a>>,
    /// Registers of the trap that led here.
    pub registers: Option<Registers>,
    /// Where the walk along the calls begins.
    pub frame_pointer: u32,
    /// Names of the calls.
    pub symbols: Symbols<'a>,
    /// Reads a word of memory where there is one.
    pub peek: P,
}

impl<P: Fn(u32) -> Option<u32>> fmt::Display for Report<'_, P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p1, p2, p3, p4] = self.parameters;
        writeln!(formatter, "\n*** STOP: 0x{:08X} (0x{p1:08X},0x{p2:08X},0x{p3:08X},0x{p4:08X})", self.code.0)?;
        writeln!(formatter, "*** {}", self.code.name().unwrap_or("unknown reason"))?;
        if let Some(message) = self.message {
            writeln!(formatter, "*** {message}")?;
        }
        if let Some(registers) = &self.registers {
            writeln!(formatter, "\n{registers}")?;
            self.call(registers.pointers[0], formatter)?;
        } else {
            formatter.write_str("\n")?;
        }
        self.calls(formatter)
    }
}

/// Calls that are shown, so that the first lines stay on a screen of 25 rows.
const SHOWN: usize = 14;

impl<P: Fn(u32) -> Option<u32>> Report<'_, P> {
    /// The calls; a function that calls itself over and over takes two lines.
    fn calls(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut calls = backtrace::walk(self.frame_pointer, &self.peek).peekable();
        for _ in 0..SHOWN {
            let Some(address) = calls.next() else { break };
            self.call(address, formatter)?;
            let mut repeated = 0;
            while calls.next_if_eq(&address).is_some() {
                repeated += 1;
            }
            if repeated > 0 {
                writeln!(formatter, "           and {repeated} times more")?;
            }
        }
        Ok(())
    }

    fn call(&self, address: u32, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.symbols.lookup(address) {
            Some((name, offset)) => writeln!(formatter, "  {address:08x} {name}+0x{offset:x}"),
            None => writeln!(formatter, "  {address:08x}"),
        }
    }
}

impl fmt::Display for Registers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [eax, ebx, ecx, edx, esi, edi] = self.general;
        let [eip, esp, ebp] = self.pointers;
        let [cs, ss, ds, es, fs, gs] = self.segments.map(|selector| selector & 0xFFFF);
        writeln!(formatter, "eax={eax:08x} ebx={ebx:08x} ecx={ecx:08x} edx={edx:08x} esi={esi:08x} edi={edi:08x}")?;
        let (cr2, code, flags) = (self.fault_address, self.error_code, self.flags);
        writeln!(formatter, "eip={eip:08x} esp={esp:08x} ebp={ebp:08x} cr2={cr2:08x} err={code:08x}")?;
        writeln!(
            formatter,
            "cs={cs:04x}  ss={ss:04x}  ds={ds:04x}  es={es:04x}  fs={fs:04x}  gs={gs:04x}  efl={flags:08x}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(registers: Option<Registers>) -> String {
        let section =
            crate::symbols::encode([(0x8010_1000, "start"), (0x8010_1100, "fail")], 0x8010_2000, &[], 200).unwrap();
        let stack = [(0xB000_0000, 0), (0xB000_0004, 0x8010_1010)];
        Report {
            code: BugcheckCode::MEMORY_MANAGEMENT,
            parameters: [1, 0x8888, 3, 4],
            message: None,
            registers,
            frame_pointer: 0xB000_0000,
            symbols: Symbols::new(&section),
            peek: |address| stack.iter().find(|(at, _)| *at == address).map(|(_, word)| *word),
        }
        .to_string()
    }

    #[test]
    fn a_bugcheck_names_code_parameters_and_calls() {
        assert_eq!(
            report(None),
            "\n*** STOP: 0x0000001A (0x00000001,0x00008888,0x00000003,0x00000004)\n\
             *** MEMORY_MANAGEMENT\n\n  80101010 start+0x10\n"
        );
    }

    #[test]
    fn endless_recursion_leaves_the_first_lines_on_the_screen() {
        let text = Report {
            code: BugcheckCode::UNEXPECTED_KERNEL_MODE_TRAP,
            parameters: [8, 0, 0, 0],
            message: None,
            registers: Some(Registers::default()),
            frame_pointer: 0xB000_0000,
            symbols: Symbols::new(&[]),
            peek: |address| Some(if address % 8 == 0 { address + 8 } else { 0x8010_0000 + (address & 0x80) }),
        }
        .to_string();
        assert!(text.contains("  80100000\n           and 15 times more\n  80100080\n"), "{text}");
        assert!(text.lines().count() < 25, "{text}");
    }

    #[test]
    fn a_trap_adds_registers_and_the_instruction() {
        let text = report(Some(Registers { pointers: [0x8010_1101, 0xB000_0000, 0], ..Registers::default() }));
        assert!(text.contains("eip=80101101 esp=b0000000"), "{text}");
        assert!(text.contains("\n  80101101 fail+0x1\n  80101010 start+0x10\n"), "{text}");
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
    }
}
