//! What is to be found in an image, and where: from what its program said, the truth, and the page tables.

use std::collections::BTreeMap;

use mm::pte::{PrototypePte, Pte};
use serde_json::{Value, json};

use super::scenario::Scenario;
use crate::forensics::expected::Scene;
use crate::forensics::walk;
use crate::forensics::words::protection;
use crate::truth::{PAGE, Process, Row};

/// Pages of a finding that are told one by one, and bytes of it that are told.
const MOST_PAGES: u32 = 64;
const MOST_BYTES: u32 = 64;
/// Where a VAD of a section has the address of its first prototype PTE. Source: XP's `_MMVAD`.
const FIRST_PROTOTYPE: u32 = 0x1C;
/// The entry of a page that was decommitted: NT's code MM_DECOMMIT, in the place of the protection.
const DECOMMITTED: u64 = 0x10 << 5;

/// What the program said of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is called.
    pub name: String,
    /// Whose it is.
    pub pid: u64,
    /// Where it begins.
    pub address: u32,
    /// Its bytes.
    pub length: u32,
}

impl Finding {
    /// The findings in what a program said.
    ///
    /// # Errors
    /// The line that makes no sense.
    pub fn all(said: &str) -> Result<Vec<Self>, String> {
        let lines = said.lines().filter_map(|line| line.trim().strip_prefix("finding "));
        lines.map(|line| Self::read(line).ok_or_else(|| format!("no finding: {line}"))).collect()
    }

    fn read(line: &str) -> Option<Self> {
        let members: BTreeMap<&str, &str> = line.split(' ').filter_map(|word| word.split_once('=')).collect();
        let hexadecimal = |name: &str| u32::from_str_radix(members.get(name)?, 16).ok();
        Some(Self {
            name: (*members.get("name")?).to_owned(),
            pid: members.get("pid")?.parse().ok()?,
            address: hexadecimal("va")?,
            length: hexadecimal("length")?,
        })
    }

    /// Numbers of its pages.
    pub(super) fn pages(&self) -> std::ops::Range<u32> {
        self.address / PAGE..(self.address + self.length).div_ceil(PAGE)
    }
}

/// What is to be found, as values.
///
/// # Errors
/// A process that the truth does not have, and findings that the scenario does not know or is without.
pub fn answers(scene: &Scene, scenario: &Scenario, findings: &[Finding]) -> Result<Value, String> {
    let missing = scenario.findings.iter().find(|(name, _)| !findings.iter().any(|finding| finding.name == *name));
    if let Some((name, _)) = missing {
        return Err(format!("the program did not say where {name} is"));
    }
    let answers: Result<Vec<Value>, String> = findings.iter().map(|finding| answer(scene, scenario, finding)).collect();
    Ok(json!({
        "scenario": scenario.name, "about": scenario.about, "hint": scenario.hint, "ram": scenario.ram, "findings": answers?,
    }))
}

fn answer(scene: &Scene, scenario: &Scenario, finding: &Finding) -> Result<Value, String> {
    let process = scene.truth.process(finding.pid).ok_or_else(|| format!("there is no process {}", finding.pid))?;
    let what = scenario.findings.iter().find(|(name, _)| *name == finding.name);
    let (_, what) = what.ok_or_else(|| format!("nobody knows what {} is", finding.name))?;
    let mut answer = json!({
        "name": finding.name, "what": what, "pid": finding.pid, "process": process.row.text("name"),
        "eprocess": process.row.number("address"), "eprocess_physical": scene.physical(process.row.word("address")),
        "directory_table": process.row.number("directory_table"),
    });
    if finding.length == 0 {
        return Ok(answer);
    }
    answer["va"] = json!(finding.address);
    answer["length"] = json!(finding.length);
    if let Some(vad) = vad_of(process, finding.address) {
        answer["vad"] = json!({
            "address": vad.number("address"), "start": vad.word("start") * PAGE, "end": vad.word("end") * PAGE + (PAGE - 1),
            "protection": protection(vad.word("protection")), "private": vad.says("private"), "image": vad.says("image"),
            "commit": vad.number("commit"), "file": vad.0["file"],
        });
    }
    if let Ok(seen) = scene.memory.read(process, finding.address, finding.length.min(MOST_BYTES)) {
        answer["bytes"] = json!(seen.value.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    }
    let pages = finding.pages();
    answer["pages"] = if pages.len() <= MOST_PAGES as usize {
        pages.map(|page| page_of(scene, process, page)).collect()
    } else {
        let mut forms: BTreeMap<String, u32> = BTreeMap::new();
        pages.for_each(|page| *forms.entry(form_of(scene, process, page).name().to_owned()).or_default() += 1);
        json!(forms)
    };
    let begins =
        |thread: &&Row| (finding.address..finding.address + finding.length).contains(&thread.word("win32_start"));
    if let Some(thread) = process.threads.iter().find(begins) {
        answer["thread"] = json!({ "tid": thread.number("tid"), "ethread": thread.number("address") });
    }
    Ok(answer)
}

/// The VAD that `address` is in.
pub(super) fn vad_of(process: &Process, address: u32) -> Option<&Row> {
    process.vads.iter().find(|vad| (vad.word("start")..=vad.word("end")).contains(&(address / PAGE)))
}

/// A PTE and what it says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Form {
    /// The entry of the page, or of the 2 MB that it is in.
    pub(super) raw: u64,
    /// Of a page, and not of 2 MB.
    pub(super) small: bool,
}

impl Form {
    /// What the form is called.
    pub(super) fn name(self) -> &'static str {
        match Pte::decode(self.raw) {
            Pte::Empty => "empty",
            Pte::Valid(_) if !self.small => "large",
            Pte::Valid(_) => "valid",
            Pte::DemandZero(_) if self.raw == DECOMMITTED => "decommitted",
            Pte::DemandZero(_) => "demand-zero",
            Pte::PagingFile(_) if !self.small => "in a page table that is paged out",
            Pte::PagingFile(_) => "paging file",
            Pte::Transition(..) => "transition",
            Pte::Prototype(..) => "prototype",
            Pte::LookInVad(_) => "prototype, the VAD knows where",
        }
    }
}

/// The entry for a page.
pub(super) fn form_of(scene: &Scene, process: &Process, page: u32) -> Form {
    let (raw, small) = walk::entry(scene, process.row.word("directory_table"), page * PAGE);
    Form { raw, small }
}

/// Address and value of the prototype PTE of a page, where it has one.
pub(super) fn prototype_of(scene: &Scene, process: &Process, page: u32) -> Option<(u32, u64)> {
    let vad = vad_of(process, page * PAGE).filter(|vad| !vad.says("private"))?;
    let system = scene.truth.process(4)?;
    let first = scene.memory.words::<1>(system, vad.word("address") + FIRST_PROTOTYPE).ok()?.value[0];
    let address = first + (page - vad.word("start")) * 8;
    let [low, high] = scene.memory.words::<2>(system, address).ok()?.value;
    Some((address, u64::from(high) << 32 | u64::from(low)))
}

/// The record of a frame that somebody has.
pub(super) fn frame_record(scene: &Scene, frame: u32) -> Option<&Row> {
    scene.truth.frames.iter().find(|row| row.text("kind") == "frame" && row.word("frame") == frame)
}

fn page_of(scene: &Scene, process: &Process, page: u32) -> Value {
    let form = form_of(scene, process, page);
    let mut answer = json!({ "va": page * PAGE, "entry": form.raw, "form": form.name() });
    let mut in_frame = |frame: u32| {
        answer["frame"] = json!(frame);
        answer["physical"] = json!(u64::from(frame) * u64::from(PAGE));
        answer["frame_state"] = json!(frame_record(scene, frame).map(|record| record.text("state")));
    };
    match Pte::decode(form.raw) {
        Pte::Valid(valid) if form.small => in_frame(valid.frame().0),
        Pte::Valid(valid) => in_frame(valid.frame().0 + page % 512),
        Pte::Transition(frame, code) => {
            in_frame(frame.0);
            answer["protection"] = json!(protection(code.code()));
        }
        Pte::PagingFile(place) => {
            answer["file"] = json!(place.file);
            answer["offset"] = json!(place.offset);
            answer["protection"] = json!(protection(place.protection.code()));
        }
        Pte::DemandZero(code) | Pte::LookInVad(code) | Pte::Prototype(_, code) => {
            answer["protection"] = json!(protection(code.code()));
        }
        Pte::Empty => {}
    }
    if let Some((address, raw)) = prototype_of(scene, process, page) {
        answer["prototype"] = json!({ "address": address, "entry": raw, "form": prototype_name(raw) });
    }
    answer
}

fn prototype_name(raw: u64) -> &'static str {
    match PrototypePte::decode(raw) {
        PrototypePte::Empty => "empty",
        PrototypePte::Valid(_) => "valid",
        PrototypePte::DemandZero(_) => "demand-zero",
        PrototypePte::PagingFile(_) => "paging file",
        PrototypePte::Transition(..) => "transition",
        PrototypePte::Subsection(..) => "in the file",
    }
}

/// The same for a reader.
#[must_use]
pub fn readme(scenario: &Scenario, answers: &Value) -> String {
    let mut text = format!(
        "{}: {}.\n\nThe machine has {} MB of RAM. Volatility 3 takes the dump for one of Windows XP SP3 (x86, PAE):\n\n  vol --offline -s symbols \
         --single-swap-locations file://$PWD/pagefile.sys -f memory.raw windows.pslist\n\nHow it is found: {}.\n\nWhat there is (answers.json has \
         the same and more; truth.jsonl has all that the kernel knows):\n",
        scenario.name, scenario.about, scenario.ram, scenario.hint
    );
    for finding in answers["findings"].as_array().into_iter().flatten() {
        text.push_str(&paragraph(finding));
    }
    text
}

fn paragraph(finding: &Value) -> String {
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut text = format!(
        "\n{}: {}\n  process {} ({}), _EPROCESS {:08x} (physical {:x}), page tables at {:x}\n",
        word(&finding["name"]),
        word(&finding["what"]),
        number(&finding["pid"]),
        word(&finding["process"]),
        number(&finding["eprocess"]),
        number(&finding["eprocess_physical"]),
        number(&finding["directory_table"]),
    );
    if finding["va"].is_null() {
        return text;
    }
    text.push_str(&format!("  {:08x}, {:#x} bytes", number(&finding["va"]), number(&finding["length"])));
    if !finding["bytes"].is_null() {
        text.push_str(&format!(": {}", word(&finding["bytes"])));
    }
    text.push('\n');
    let vad = &finding["vad"];
    if !vad.is_null() {
        let owner = if vad["private"] == true { "private".to_owned() } else { word(&vad["file"]) };
        let [address, start, end] = ["address", "start", "end"].map(|name| number(&vad[name]));
        text.push_str(&format!("  VAD {address:08x}: {start:08x}-{end:08x} {} {owner}\n", word(&vad["protection"])));
    }
    if !finding["thread"].is_null() {
        let thread = &finding["thread"];
        text.push_str(&format!("  thread {}, _ETHREAD {:08x}\n", number(&thread["tid"]), number(&thread["ethread"])));
    }
    for (form, count) in finding["pages"].as_object().into_iter().flatten() {
        text.push_str(&format!("  {count} pages: {form}\n"));
    }
    for page in finding["pages"].as_array().into_iter().flatten() {
        text.push_str(&format!(
            "  page {:08x}: entry {:016x}, {}",
            number(&page["va"]),
            number(&page["entry"]),
            word(&page["form"])
        ));
        if !page["frame"].is_null() {
            text.push_str(&format!(", physical {:x} ({})", number(&page["physical"]), word(&page["frame_state"])));
        }
        if !page["offset"].is_null() {
            text.push_str(&format!(", page {:x} of paging file {}", number(&page["offset"]), number(&page["file"])));
        }
        let prototype = &page["prototype"];
        if !prototype.is_null() {
            let [address, entry] = ["address", "entry"].map(|name| number(&prototype[name]));
            text.push_str(&format!("; prototype PTE {address:08x}: {entry:016x}, {}", word(&prototype["form"])));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_says_what_there_is() {
        let said = "finding name=code pid=44 va=3d0000 length=1001\r\nnothing\nfinding name=x pid=8 va=0 length=0\nthe image is set\n";
        let found = Finding::all(said).unwrap();
        assert_eq!(found[0], Finding { name: "code".into(), pid: 44, address: 0x3D_0000, length: 0x1001 });
        assert_eq!((found[0].pages(), found[1].pages(), found.len()), (0x3D0..0x3D2, 0..0, 2));
        assert!(Finding::all("finding name=code pid=44 va=zz length=1\n").is_err());
        assert!(Finding::all("finding name=code va=0 length=1\n").is_err());
    }

    #[test]
    fn forms_are_named_by_their_bits() {
        let name = |raw| Form { raw, small: true }.name();
        assert_eq!(name(0), "empty");
        assert_eq!(name(0x1067), "valid");
        assert_eq!((name(0x80), name(0x200)), ("demand-zero", "decommitted"));
        assert_eq!(name(0x1880), "transition");
        assert_eq!(name(0x5_0000_0080), "paging file");
        assert_eq!(name(0xFFFF_FFFF_0000_0480), "prototype, the VAD knows where");
        assert_eq!(Form { raw: 0x20_00E7, small: false }.name(), "large");
    }
}
