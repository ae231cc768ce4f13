//! What the kernel says of itself when it is dumped: the lines of the debugger's `.truth`, as values, and what of it a tool outside can see.
//!
//! A page is visible or not by the rules that Volatility 3 translates addresses with. It follows valid entries and those in transition; an
//! entry of a paging file it knows by bit 7, which the protections from READWRITE on have; of a page that only its section knows, and of all
//! that a page table in a paging file tells, it sees nothing.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

/// Bytes of a page.
pub const PAGE: u32 = 4096;
/// Bit of a protection that stands where the tool looks.
const SEEN_IN_PAGING_FILE: u64 = 4;

/// Why a tool outside does not see a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hidden {
    /// The process's entry is empty or of prototype form.
    Section,
    /// In a paging file with a protection that the tool does not know the entry by.
    Protection,
    /// The page table is in a paging file.
    Table,
    /// In a paging file that the dump is without.
    File,
    /// There is nothing: nobody has touched it.
    Absent,
    /// In a paging file, and wanted from another byte than its first: the tool reads it from there all the same.
    Misread,
}

impl fmt::Display for Hidden {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Section => "only its section knows where it is",
            Self::Protection => "paged out with protection 1 to 3",
            Self::Table => "its page table is paged out",
            Self::File => "in another paging file",
            Self::Absent => "nothing is there",
            Self::Misread => "paged out: the tool reads such a page from its beginning only",
        })
    }
}

/// Where the contents of a page are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In RAM.
    Frame(u32),
    /// At this page of a paging file.
    PagingFile {
        /// Its number.
        file: u32,
        /// Pages from its beginning.
        offset: u32,
    },
    /// In the file that is mapped.
    MappedFile,
}

/// A page of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Where it is.
    pub place: Place,
    /// Why it is not seen, if it is not.
    pub hidden: Option<Hidden>,
    /// Whether its entry is one that the processor has marked as written through.
    pub dirty: bool,
}

/// A process, with all that it has.
#[derive(Clone, Debug, Default)]
pub struct Process {
    /// The line of it.
    pub row: Row,
    /// Its threads.
    pub threads: Vec<Row>,
    /// Its handles.
    pub handles: Vec<Row>,
    /// Its VADs, in order of address.
    pub vads: Vec<Row>,
    /// Its pages by number.
    pub pages: BTreeMap<u32, Page>,
    /// First pages of the page tables that are in a paging file.
    pub tables: Vec<u32>,
    /// Frames of the kernel half as it sees it, by number of the page.
    pub kernel: BTreeMap<u32, u32>,
}

/// A line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row(pub Value);

impl Row {
    /// A number of it, 0 where there is none.
    #[must_use]
    pub fn number(&self, name: &str) -> u64 {
        self.0[name].as_u64().unwrap_or(0)
    }

    /// The same as an address, or another number of 32 bits.
    #[must_use]
    pub fn word(&self, name: &str) -> u32 {
        u32::try_from(self.number(name)).unwrap_or(0)
    }

    /// A text of it, empty where there is none.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_default()
    }

    /// Whether it says so.
    #[must_use]
    pub fn says(&self, name: &str) -> bool {
        self.0[name].as_bool().unwrap_or(false)
    }
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    /// The system.
    pub system: Row,
    /// The kernel's modules.
    pub modules: Vec<Row>,
    /// The processes, oldest first.
    pub processes: Vec<Process>,
    /// Lines of frames, and of runs of them.
    pub frames: Vec<Row>,
}

impl Truth {
    /// Reads the lines that [`annotate`] made.
    ///
    /// # Errors
    /// The line that makes no sense, or that the last is missing.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut truth = Self::default();
        let mut ended = false;
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let row = Row(serde_json::from_str(line).map_err(|error| format!("{error} in {line}"))?);
            match row.text("kind") {
                "end" => ended = true,
                "system" => truth.system = row,
                "module" => truth.modules.push(row),
                "frame" | "frames" => truth.frames.push(row),
                "process" => truth.processes.push(Process { row, ..Process::default() }),
                _ => truth.take(row).ok_or_else(|| format!("there is no process for {line}"))?,
            }
        }
        truth.share_kernel_half();
        if ended { Ok(truth) } else { Err(text.lines().last().unwrap_or("nothing").to_owned()) }
    }

    /// Gives the last process what is its own.
    fn take(&mut self, row: Row) -> Option<()> {
        let process = self.processes.last_mut().filter(|process| process.row.number("pid") == row.number("pid"))?;
        match row.text("kind") {
            "thread" => process.threads.push(row),
            "handle" => process.handles.push(row),
            "vad" => process.vads.push(row),
            "table" => process.tables.push(row.word("va") / PAGE),
            "page" => {
                process.pages.insert(row.word("va") / PAGE, page(&row));
            }
            "kernel" => {
                let (first, frame) = (row.word("va") / PAGE, row.word("frame"));
                process.kernel.extend((0..row.word("pages")).map(|index| (first + index, frame + index)));
            }
            _ => return None,
        }
        Some(())
    }

    /// The lower half of the kernel's is told of the System process alone.
    fn share_kernel_half(&mut self) {
        let Some(system) = self.process(4) else { return };
        let shared: Vec<_> = system.kernel.range(..0xC_0000).map(|(page, frame)| (*page, *frame)).collect();
        for process in self.processes.iter_mut().filter(|process| process.row.number("pid") != 4) {
            process.kernel.extend(shared.iter().copied());
        }
    }

    /// The process with this number.
    #[must_use]
    pub fn process(&self, pid: u64) -> Option<&Process> {
        self.processes.iter().find(|process| process.row.number("pid") == pid)
    }
}

fn page(row: &Row) -> Page {
    let place = match (row.0.get("frame"), row.0.get("offset")) {
        (Some(_), _) => Place::Frame(row.word("frame")),
        (None, Some(_)) => Place::PagingFile { file: row.word("file"), offset: row.word("offset") },
        (None, None) => Place::MappedFile,
    };
    Page { place, hidden: hidden(row), dirty: row.says("dirty") }
}

/// Why the page of `row` is not seen, if it is not.
fn hidden(row: &Row) -> Option<Hidden> {
    match row.text("form") {
        "valid" | "transition" | "large" => None,
        "paged" if row.number("protection") & SEEN_IN_PAGING_FILE == 0 => Some(Hidden::Protection),
        "paged" if row.number("file") != 0 || row.number("offset") == 0 => Some(Hidden::File),
        "paged" => None,
        _ => Some(Hidden::Section),
    }
}

/// The lines that the kernel printed, with a line for each page and frame, and with what it does not know: whether a tool outside sees a page, and
/// else why not.
///
/// # Errors
/// The line that makes no sense.
pub fn annotate(text: &str) -> Result<String, String> {
    let mut annotated = String::with_capacity(text.len() * 4);
    for line in text.lines() {
        let row = Row(serde_json::from_str(line).map_err(|error| format!("{error} in {line}"))?);
        let rows = match row.text("kind") {
            "pages" => pages(&row),
            "frames" if row.0.get("owners").is_some() => frames(&row),
            "table" => vec![marked(row, Some(Hidden::Table))],
            _ => vec![row],
        };
        for row in rows {
            annotated.push_str(&row.0.to_string());
            annotated.push('\n');
        }
    }
    Ok(annotated)
}

/// A line that says whether it is seen.
fn marked(mut row: Row, why: Option<Hidden>) -> Row {
    row.0["visible"] = json!(why.is_none());
    if let Some(why) = why {
        row.0["why"] = json!(why.to_string());
    }
    row
}

/// The items of the list `name` of a line, with their places.
fn items<'r>(row: &'r Row, name: &str) -> impl Iterator<Item = (u32, &'r Value)> {
    (0..).zip(row.0[name].as_array().into_iter().flatten())
}

/// A line for each page of a line of pages.
fn pages(row: &Row) -> Vec<Row> {
    const LISTS: [(&str, &str); 3] = [("frames", "frame"), ("offsets", "offset"), ("in_file", "in_file")];
    let mut common = row.clone();
    common.0["kind"] = json!("page");
    if let Some(common) = common.0.as_object_mut() {
        LISTS.iter().for_each(|(list, _)| drop(common.remove(*list)));
    }
    let page = |index: u32, name: &str, place: &Value| {
        let mut page = common.clone();
        page.0["va"] = json!(row.word("va") + index * PAGE);
        page.0[name] = place.clone();
        let why = hidden(&page);
        marked(page, why)
    };
    LISTS
        .iter()
        .flat_map(|(list, name)| items(row, list).map(move |(index, place)| (index, *name, place)))
        .map(|(index, name, place)| page(index, name, place))
        .collect()
}

/// A line for each frame of a line of frames.
fn frames(row: &Row) -> Vec<Row> {
    let frame = |(index, owner): (u32, &Value)| {
        Row(json!({
            "kind": "frame", "frame": row.word("first") + index, "state": row.0["state"], "shared": row.0["shared"],
            "references": row.0["references"], "pte": owner[0], "table": owner[1], "original": owner[2],
        }))
    };
    items(row, "owners").map(frame).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = r#"{"kind":"system","time":1}
{"kind":"process","pid":4,"name":"System"}
{"kind":"kernel","pid":4,"va":2147483648,"pages":2,"frame":256}
{"kind":"process","pid":8,"name":"a.exe"}
{"kind":"pages","pid":8,"va":65536,"form":"valid","dirty":true,"frames":[7]}
{"kind":"pages","pid":8,"va":69632,"form":"paged","protection":4,"file":0,"offsets":[9,0]}
{"kind":"pages","pid":8,"va":77824,"form":"paged","protection":1,"file":0,"offsets":[9]}
{"kind":"pages","pid":8,"va":81920,"form":"prototype","in_file":[1]}
{"kind":"pages","pid":8,"va":2097152,"form":"large","frames":[1024,1025]}
{"kind":"table","pid":8,"va":4194304,"file":0,"offset":3}
{"kind":"frames","first":3,"state":"Active","shared":false,"references":1,"owners":[[1,2,3],[4,5,6]]}
{"kind":"frames","first":5,"state":"Free","count":9}
{"kind":"end"}
"#;

    fn truth() -> Truth {
        Truth::read(&annotate(LINES).unwrap()).unwrap()
    }

    #[test]
    fn what_is_seen_follows_from_the_entry() {
        let truth = truth();
        let process = truth.process(8).unwrap();
        let seen = |page: u32| (process.pages[&page].place, process.pages[&page].hidden);
        assert_eq!(seen(0x10), (Place::Frame(7), None));
        assert_eq!(seen(0x11), (Place::PagingFile { file: 0, offset: 9 }, None));
        assert_eq!(seen(0x12).1, Some(Hidden::File), "no page has this place");
        assert_eq!(seen(0x13).1, Some(Hidden::Protection));
        assert_eq!(seen(0x14), (Place::MappedFile, Some(Hidden::Section)));
        assert_eq!(seen(0x201), (Place::Frame(1025), None));
        assert_eq!((process.pages.len(), process.tables.as_slice()), (7, &[0x400][..]));
        assert_eq!(truth.frames.len(), 3);
        assert_eq!((truth.frames[1].word("frame"), truth.frames[1].word("table")), (4, 5));
        assert_eq!(process.kernel[&0x8_0001], 257, "the kernel half is everybody's");
    }

    #[test]
    fn a_truth_without_an_end_is_none() {
        let cut = LINES.replace("{\"kind\":\"end\"}\n", "");
        assert!(Truth::read(&cut).is_err());
        assert!(Truth::read("{\"kind\":\"page\",\"pid\":8}\n{\"kind\":\"end\"}").unwrap_err().contains("no process"));
        assert!(Truth::read("kd: what is .truth?").is_err());
    }

    #[test]
    fn lines_of_pages_say_whether_they_are_seen() {
        let annotated = annotate(LINES).unwrap();
        assert_eq!(annotated.lines().count(), LINES.lines().count() + 3);
        assert!(annotated.contains(r#""why":"paged out with protection 1 to 3""#));
        assert_eq!(annotated.matches(r#""visible":true"#).count(), 4);
        assert_eq!(annotated.matches(r#""visible":false"#).count(), 4);
    }
}
