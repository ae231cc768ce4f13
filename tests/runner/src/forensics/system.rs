//! What plugins have to print of the system as a whole.

use mm::layout;
use serde_json::json;

use super::compare::Expected;
use super::expected::{Scene, row};
use super::words::{self, address};
use crate::truth::{PAGE, Row};

impl Scene {
    /// `windows.modules`.
    #[must_use]
    pub fn modules(&self) -> Vec<Expected> {
        let expected = |module: &Row| {
            let rest = vec![
                ("Size", json!(module.number("size"))),
                ("Name", json!(module.text("name"))),
                ("Path", json!(module.text("path"))),
            ];
            row(vec![("Base", json!(module.number("base")))], rest)
        };
        self.truth.modules.iter().map(expected).collect()
    }

    /// `windows.virtmap`: the plan of the kernel half. What the tool calls the end is the size.
    #[must_use]
    pub fn virtmap(&self) -> Vec<Expected> {
        let regions = [
            ("MiVaUnused", 0, 0),
            ("MiVaSessionSpace", 0, 0),
            ("MiVaProcessSpace", layout::PAGE_TABLES, layout::PAGE_TABLES_END),
            ("MiVaBootLoaded", layout::SYSTEM_RANGE_START, layout::FRAME_DATABASE),
            ("MiVaPfnDatabase", layout::FRAME_DATABASE, layout::FRAME_DATABASE_END),
            ("MiVaNonPagedPool", layout::POOL_START, layout::POOL_END),
            ("MiVaPagedPool", 0, 0),
            ("MiVaSpecialPool", 0, 0),
            ("MiVaSystemCache", 0, 0),
            ("MiVaSystemPtes", layout::KERNEL_STACKS, layout::KERNEL_STACKS_END),
            ("MiVaHal", 0xFFC0_0000, 0),
        ];
        let expected = |(name, start, end): (&str, u32, u32)| {
            let rest = vec![("Start offset", json!(start)), ("End offset", json!(end.wrapping_sub(start)))];
            row(vec![("Region", json!(name))], rest)
        };
        regions.into_iter().map(expected).collect()
    }

    /// `windows.info`.
    #[must_use]
    pub fn info(&self) -> Vec<Expected> {
        let Some(system) = self.truth.process(4) else { return Vec::new() };
        let base = self.truth.modules.first().map_or(0, |module| module.word("base"));
        let bytes =
            |at: u32, length| self.memory.read(system, at, length).map_or_else(|_| Vec::new(), |seen| seen.value);
        let word = |at: u32| bytes(at, 4).try_into().map_or(0, u32::from_le_bytes);
        let variable = |name: &str| self.symbols.get(name).map_or(0, |offset| base + offset);
        let header = base + word(base + 0x3C);
        let shared = layout::USER_SHARED_DATA;
        let user = self.truth.processes.iter().find(|process| process.pages.contains_key(&(shared / PAGE)));
        let shared_bytes = |offset: u32, length| {
            user.and_then(|user| self.memory.read(user, shared + offset, length).ok())
                .map_or_else(Vec::new, |seen| seen.value)
        };
        let now = shared_bytes(0x14, 8).try_into().map_or(0, u64::from_le_bytes);
        let root: Vec<u16> =
            shared_bytes(0x30, 64).as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
        let root: Vec<u16> = root.into_iter().take_while(|unit| *unit != 0).collect();
        let lab: Vec<u8> = bytes(variable("NtBuildLab"), 32).into_iter().take_while(|byte| *byte != 0).collect();
        let halves = |at: u32| (word(at) & 0xFFFF, word(at) >> 16);
        let version = variable("KdVersionBlock");
        let (major, minor) = halves(version);
        let number = |number: u32| json!(number.to_string());
        let rows = [
            ("Kernel Base", address(base)),
            ("DTB", address(system.row.word("directory_table"))),
            ("Symbols", json!(self.symbol_file)),
            ("Is64Bit", json!("False")),
            ("IsPAE", json!("True")),
            ("layer_name", json!("0 WindowsIntelPAE")),
            ("memory_layer", json!("1 FileLayer")),
            ("KdDebuggerDataBlock", address(variable("KdDebuggerDataBlock"))),
            ("NTBuildLab", json!(String::from_utf8_lossy(&lab))),
            ("CSDVersion", number(word(variable("CmNtCsdVersion")) >> 8)),
            ("KdVersionBlock", address(version)),
            ("Major/Minor", json!(format!("{major}.{minor}"))),
            ("MachineType", number(halves(version + 8).0)),
            ("KeNumberProcessors", number(word(variable("KeNumberProcessors")))),
            ("SystemTime", words::spaced_time(now)),
            ("NtSystemRoot", json!(String::from_utf16_lossy(&root))),
            ("NtProductType", json!("NtProductWinNt")),
            ("NtMajorVersion", number(5)),
            ("NtMinorVersion", number(1)),
            ("PE MajorOperatingSystemVersion", number(halves(header + 0x40).0)),
            ("PE MinorOperatingSystemVersion", number(halves(header + 0x40).1)),
            ("PE Machine", number(halves(header + 4).0)),
            ("PE TimeDateStamp", words::c_time(word(header + 8).into())),
        ];
        rows.into_iter().map(|(name, value)| row(vec![("Variable", json!(name))], vec![("Value", value)])).collect()
    }
}
