//! What each plugin has to print of a dump: from the truth, and from memory as the truth says where it is.

use serde_json::{Value, json};

use super::compare::Expected;
use super::environment::{self, Module};
use super::memory::{Memory, Seen};
use super::words::{address, protection, text_or_nothing, time};
use crate::truth::{Hidden, PAGE, Process, Row, Truth};

/// A dump.
#[derive(Debug)]
pub struct Scene {
    /// What the kernel says.
    pub truth: Truth,
    /// Its memory.
    pub memory: Memory,
    /// Addresses of the kernel's variables, by NT's names.
    pub symbols: std::collections::BTreeMap<String, u32>,
    /// Name, and identifier and age, of the symbol file.
    pub symbol_file: String,
}

/// Columns and values.
type Columns = Vec<(&'static str, Value)>;

pub(super) fn row(key: Columns, rest: Columns) -> Expected {
    Expected { key, rest, hidden: None }
}

/// What the lists of processes have in common.
fn process_columns(process: &Row) -> Columns {
    vec![
        ("PPID", json!(process.number("parent"))),
        ("ImageFileName", json!(process.text("name"))),
        ("Threads", json!(process.number("threads"))),
        ("Handles", process.0["handles"].clone()),
        ("SessionId", Value::Null),
        ("Wow64", json!(false)),
        ("CreateTime", time(process.number("created"))),
        ("ExitTime", time(process.number("ended"))),
    ]
}

impl Scene {
    fn processes(&self) -> impl Iterator<Item = &Process> {
        self.truth.processes.iter()
    }

    /// Where in RAM an address of the kernel's is; 0 for one that is not there.
    #[must_use]
    pub fn physical(&self, address: u32) -> u64 {
        let frame = self.truth.process(4).and_then(|system| system.kernel.get(&(address / PAGE)));
        frame.map_or(0, |frame| u64::from(*frame) * u64::from(PAGE) + u64::from(address % PAGE))
    }

    /// Processes that have their memory still.
    fn living(&self) -> impl Iterator<Item = &Process> {
        self.processes().filter(|process| process.row.number("ended") == 0)
    }

    /// `windows.pslist`.
    #[must_use]
    pub fn pslist(&self) -> Vec<Expected> {
        let expected = |process: &Process| {
            let key =
                vec![("PID", json!(process.row.number("pid"))), ("Offset(V)", json!(process.row.number("address")))];
            row(key, process_columns(&process.row))
        };
        self.processes().map(expected).collect()
    }

    /// `windows.psscan`: the same, by physical addresses.
    #[must_use]
    pub fn psscan(&self) -> Vec<Expected> {
        let expected = |process: &Process| {
            let place = self.physical(process.row.word("address"));
            let key = vec![("PID", json!(process.row.number("pid"))), ("Offset(V)", json!(place))];
            row(key, process_columns(&process.row))
        };
        self.processes().map(expected).collect()
    }

    /// `windows.pstree`: the same, with what the process itself has, where that is seen.
    #[must_use]
    pub fn pstree(&self) -> Vec<Expected> {
        let mut rows = self.pslist();
        for (expected, process) in rows.iter_mut().zip(self.processes()) {
            expected.rest.push(("Audit", Value::Null));
            let texts = [
                ("Cmd", environment::command_line(&self.memory, process)),
                ("Path", environment::image_path(&self.memory, process)),
            ];
            for (name, text) in texts {
                match text {
                    Ok(Some(seen)) => expected.rest.extend(seen.visible().map(|text| (name, json!(text)))),
                    Ok(None) => expected.rest.push((name, Value::Null)),
                    Err(_) => {}
                }
            }
        }
        rows
    }

    /// `windows.vadinfo`.
    #[must_use]
    pub fn vadinfo(&self) -> Vec<Expected> {
        let expected = |process: &Process, vad: &Row| {
            let key = vec![("PID", json!(process.row.number("pid"))), ("Offset", json!(vad.number("address")))];
            let rest = vec![
                ("Process", json!(process.row.text("name"))),
                ("Start VPN", json!(first_address(vad))),
                ("End VPN", json!(last_address(vad))),
                ("Tag", json!(tag(vad))),
                ("Protection", json!(protection(vad.word("protection")))),
                ("CommitCharge", json!(vad.number("commit"))),
                ("PrivateMemory", json!(u32::from(vad.says("private")))),
                ("Parent", json!(vad.number("parent"))),
                ("File", vad.0["file"].clone()),
            ];
            row(key, rest)
        };
        self.processes().flat_map(|process| process.vads.iter().map(move |vad| expected(process, vad))).collect()
    }

    /// `windows.vadwalk`.
    #[must_use]
    pub fn vadwalk(&self) -> Vec<Expected> {
        let expected = |process: &Process, vad: &Row| {
            let key = vec![("PID", json!(process.row.number("pid"))), ("Offset", json!(vad.number("address")))];
            let rest = vec![
                ("Parent", json!(vad.number("parent"))),
                ("Left", json!(vad.number("left"))),
                ("Right", json!(vad.number("right"))),
                ("Start", json!(first_address(vad))),
                ("End", json!(last_address(vad))),
                ("Tag", json!(tag(vad))),
            ];
            row(key, rest)
        };
        self.processes().flat_map(|process| process.vads.iter().map(move |vad| expected(process, vad))).collect()
    }

    /// `windows.handles`.
    #[must_use]
    pub fn handles(&self) -> Vec<Expected> {
        let expected = |process: &Process, handle: &Row| {
            let key = vec![("PID", json!(process.row.number("pid"))), ("HandleValue", json!(handle.number("handle")))];
            let rest = vec![
                ("Process", json!(process.row.text("name"))),
                ("Offset", json!(handle.number("object"))),
                ("Type", json!(handle.text("type"))),
                ("GrantedAccess", json!(handle.number("access"))),
                ("Name", self.object_name(handle)),
            ];
            row(key, rest)
        };
        self.processes()
            .flat_map(|process| process.handles.iter().map(move |handle| expected(process, handle)))
            .collect()
    }

    fn object_name(&self, handle: &Row) -> Value {
        let pid = handle.number("process");
        let name = match handle.text("type") {
            "File" => format!("\\Device\\{}{}", handle.text("device"), handle.text("file")),
            "Process" => {
                let name = self.truth.process(pid).map_or("", |process| process.row.text("name"));
                format!("{name} Pid {pid}")
            }
            "Thread" => format!("Tid {} Pid {pid}", handle.number("thread")),
            _ => return text_or_nothing(handle.text("name")),
        };
        json!(name)
    }

    /// `windows.threads`.
    #[must_use]
    pub fn threads(&self) -> Vec<Expected> {
        let expected = |process: &Process, thread: &Row| {
            let pid = process.row.number("pid");
            let path = |name: &str| {
                let page = thread.number(name) / u64::from(PAGE);
                let vad = process.vads.iter().find(|vad| (vad.number("start")..=vad.number("end")).contains(&page));
                vad.map_or(Value::Null, |vad| vad.0["file"].clone())
            };
            let key = vec![("PID", json!(pid)), ("TID", json!(thread.number("tid")))];
            let rest = vec![
                ("Offset", json!(thread.number("address"))),
                ("StartAddress", json!(thread.number("start"))),
                ("StartPath", path("start")),
                ("Win32StartAddress", json!(thread.number("win32_start"))),
                ("Win32StartPath", path("win32_start")),
                ("CreateTime", time(thread.number("created"))),
                ("ExitTime", time(thread.number("ended"))),
            ];
            row(key, rest)
        };
        self.processes()
            .flat_map(|process| process.threads.iter().map(move |thread| expected(process, thread)))
            .collect()
    }

    /// `windows.cmdline`.
    #[must_use]
    pub fn cmdline(&self) -> Vec<Expected> {
        let expected = |process: &Process| {
            let (args, hidden) = match environment::command_line(&self.memory, process) {
                Ok(Some(seen)) => (json!(seen.value), seen.hidden),
                Ok(None) => (Value::Null, None),
                Err(Hidden::Absent) if process.row.number("ended") != 0 => (Value::Null, None),
                Err(hidden) => (Value::Null, Some(hidden)),
            };
            let key = vec![("PID", json!(process.row.number("pid")))];
            let hidden = hidden.map(|hidden| hidden.to_string());
            Expected { key, rest: vec![("Process", json!(process.row.text("name"))), ("Args", args)], hidden }
        };
        self.processes().map(expected).collect()
    }

    /// `windows.envars`. Variables without a name before the sign, as `=C:`, it passes over, and those without a value.
    #[must_use]
    pub fn envars(&self) -> Vec<Expected> {
        let mut rows = Vec::new();
        for process in self.living() {
            let key = |block: u32, name: &str| {
                let pid = json!(process.row.number("pid"));
                vec![("PID", pid), ("Block", address(block)), ("Variable", json!(name))]
            };
            match environment::environment(&self.memory, process) {
                Ok(Some(seen)) => {
                    let hidden = seen.hidden.map(|hidden| hidden.to_string());
                    let variables =
                        seen.value.variables.iter().filter(|(name, value)| !name.is_empty() && !value.is_empty());
                    rows.extend(variables.map(|(name, value)| Expected {
                        key: key(seen.value.block, name),
                        rest: vec![("Process", json!(process.row.text("name"))), ("Value", json!(value))],
                        hidden: hidden.clone(),
                    }));
                }
                Ok(None) => {}
                Err(hidden) => {
                    rows.push(Expected { key: key(0, "?"), rest: Vec::new(), hidden: Some(hidden.to_string()) });
                }
            }
        }
        rows
    }

    /// `windows.dlllist`.
    #[must_use]
    pub fn dlllist(&self) -> Vec<Expected> {
        let mut rows = Vec::new();
        for process in self.living() {
            let pid = json!(process.row.number("pid"));
            match environment::modules(&self.memory, process, 0) {
                Ok(modules) => rows.extend(modules.iter().map(|seen| self.module(process, seen))),
                Err(hidden) => rows.push(Expected {
                    key: vec![("PID", pid), ("Base", json!("?"))],
                    rest: Vec::new(),
                    hidden: Some(hidden.to_string()),
                }),
            }
        }
        rows
    }

    fn module(&self, process: &Process, seen: &Seen<Module>) -> Expected {
        let module = &seen.value;
        Expected {
            key: vec![("PID", json!(process.row.number("pid"))), ("Base", json!(module.base))],
            rest: vec![
                ("Process", json!(process.row.text("name"))),
                ("Size", json!(module.size)),
                ("Name", json!(module.name)),
                ("Path", json!(module.path)),
                ("LoadCount", json!(module.load_count)),
            ],
            hidden: seen.hidden.map(|hidden| hidden.to_string()),
        }
    }

    /// `windows.malware.ldrmodules`: VADs that begin as images do, and which of the loader's lists have them.
    #[must_use]
    pub fn ldrmodules(&self) -> Vec<Expected> {
        let mut rows = Vec::new();
        for process in self.living() {
            let lists: [_; 3] = core::array::from_fn(|list| environment::modules(&self.memory, process, list));
            for vad in &process.vads {
                let start = first_address(vad);
                let begins = match self.memory.read(process, start, 2) {
                    Ok(seen) if seen.value == b"MZ" => seen,
                    Err(Hidden::Section | Hidden::Table) if vad.says("image") => {
                        Seen { value: Vec::new(), hidden: Some(Hidden::Section) }
                    }
                    _ => continue,
                };
                let mut hidden = begins.hidden;
                let mut rest = vec![("MappedPath", vad.0["file"].clone())];
                for (name, list) in ["InLoad", "InMem", "InInit"].into_iter().zip(&lists) {
                    match list {
                        Ok(modules) => {
                            rest.push((name, json!(modules.iter().any(|seen| seen.value.base == start))));
                            // Of what is behind a page that is hidden, nothing is known.
                            hidden = hidden.or(modules.iter().find_map(|seen| seen.hidden));
                        }
                        Err(why) => hidden = hidden.or(Some(*why)),
                    }
                }
                let key = vec![("Pid", json!(process.row.number("pid"))), ("Base", json!(start))];
                rows.push(Expected { key, rest, hidden: hidden.map(|hidden| hidden.to_string()) });
            }
        }
        rows
    }

    /// `windows.malware.malfind`: private memory that may be written and executed and is not all zeros; memory of a section likewise, unless it
    /// is an image's.
    #[must_use]
    pub fn malfind(&self) -> Vec<Expected> {
        let mut rows = Vec::new();
        for process in self.living() {
            for vad in &process.vads {
                let named = protection(vad.word("protection"));
                let dirty = |page: u32| process.pages.get(&page).is_some_and(|page| page.dirty);
                let pages = vad.word("start")..=vad.word("end");
                let written = named.contains("WRITE") || self.first_pages(process, pages.clone()).any(dirty);
                let odd = if vad.says("private") { tag(vad) == "VadS" } else { named != "PAGE_EXECUTE_WRITECOPY" };
                if !named.contains("EXECUTE") || !written || !odd || !self.has_contents(process, pages) {
                    continue;
                }
                let key = vec![("PID", json!(process.row.number("pid"))), ("Start VPN", json!(first_address(vad)))];
                let rest = vec![
                    ("Process", json!(process.row.text("name"))),
                    ("End VPN", json!(last_address(vad))),
                    ("Tag", json!(tag(vad))),
                    ("Protection", json!(named)),
                    ("CommitCharge", json!(vad.number("commit"))),
                    ("PrivateMemory", json!(u32::from(vad.says("private")))),
                ];
                rows.push(row(key, rest));
            }
        }
        rows
    }

    /// The pages up to the first that is not seen, where the tool stops looking; the last is left out, as it does.
    fn first_pages<'s>(
        &'s self,
        process: &'s Process,
        pages: std::ops::RangeInclusive<u32>,
    ) -> impl Iterator<Item = u32> + 's {
        let seen = |page: &u32| process.pages.get(page).is_some_and(|page| page.hidden.is_none());
        (*pages.start()..=*pages.end()).take_while(seen)
    }

    /// Whether a page that is seen is not full of zeros.
    fn has_contents(&self, process: &Process, mut pages: std::ops::RangeInclusive<u32>) -> bool {
        pages.any(|page| {
            let seen = self.memory.page(process, page).ok().and_then(Seen::visible);
            seen.is_some_and(|bytes| bytes.iter().any(|byte| *byte != 0))
        })
    }
}

fn first_address(vad: &Row) -> u32 {
    vad.word("start") * PAGE
}

fn last_address(vad: &Row) -> u32 {
    vad.word("end") * PAGE + (PAGE - 1)
}

/// The pool tag, as text.
fn tag(vad: &Row) -> String {
    String::from_utf8_lossy(&vad.word("tag").to_le_bytes()).into_owned()
}
