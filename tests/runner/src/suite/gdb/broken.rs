//! Links that are broken by hand, refusals, and what shows values and symbols.

use super::sections;
use super::stopped::Stopped;
use crate::error::Result;
use crate::suite::commands::Commands;

type Verdict = std::result::Result<(), String>;

/// What is broken by hand, and what is said of it. `$process` and `$root` are the process and its first VAD.
const BROKEN: [(&str, &str, &str); 12] = [
    ("$root + 0xc", "$root", "vad"),
    ("$root + 0xc", "5", "vad"),
    ("$root + 0xc", "0x90000000", "vad"),
    ("$root + 0x10", "0xfffffffc", "vad"),
    ("$process + 0x88", "$process + 0x88", "process 0 0"),
    ("$process + 0x88", "0x90000000", "process 0 0"),
    ("$process + 0x190", "$process + 0x192", "process"),
    ("$process + 0xc4", "3", "handle"),
    ("$process + 0x1b0", "0x12345", "peb"),
    ("*(unsigned *)(*(unsigned *)0x7ffdf00c + 0xc)", "0", "dlls"),
    ("$process + 0x18", "0xfffff000", "pte 400000"),
    ("$process + 0x240", "17", "verify"),
];
/// A question whose answer is in the symbols of a DLL.
const CODE: &str = "info line kernel32::ffi::code_page::GetACP";
/// The last line, or one of the last, that follows each.
const ENDINGS: [&str; 12] = [
    "$root is no VAD: the tree is broken here",
    "00000005 is no VAD: the tree is broken here",
    "90000000 is no VAD: the tree is broken here",
    "fffffffc is no VAD: the tree is broken here",
    " was there before: the list is broken here",
    "90000000 is no entry: the list is broken here",
    "        THREAD ",
    "The process has no handle table.",
    "    ProcessParameters: ????????",
    "      Flags  0x",
    "contains 0000000000000000",
    "views.exe (0030): 16 VADs, NumberOfVads is 17",
];

/// gdb's commands print what they find and stop where links are broken by hand; the audits agree before and after; values, structures and
/// symbols are shown.
///
/// # Errors
/// What stops the runner itself.
pub(in crate::suite) fn broken(commands: &Commands) -> Result<Verdict> {
    let mut stopped = Stopped::start(commands, "!vad; !verify")?;
    let mut lines = ["set $process = $eprocess()", "set $root = *(unsigned *)($process + 0x11c)", "echo kd> root\\n"]
        .map(str::to_owned)
        .to_vec();
    lines.push("printf \"%08x\\n\", $root".into());
    for (place, value, question) in BROKEN {
        lines.push(format!("set $place = (unsigned *)({place})"));
        lines.push("set $before = *$place".into());
        lines.push(format!("set var *$place = {value}"));
        lines.push(format!("echo kd> {place} = {value}\\n"));
        lines.push(question.into());
        lines.push("echo kd> restored\\n".into());
        lines.push("set var *$place = $before".into());
    }
    for question in ["vad", "verify", "vadose-offsets", "dllsyms", "info symbol views_stop", CODE, "dllsyms 28"] {
        lines.push(format!("echo kd> !{question}\\n"));
        lines.push(question.into());
    }
    lines.extend(["echo kd> shown\\n", "set language rust"].map(str::to_owned));
    lines.push("print *($root as *mut mm::vad::node::Mmvad)".into());
    lines.push("print (*($process as *mut abi::nt::process::Eprocess)).physical_vad_list".into());
    lines.push("print (*($process as *mut abi::nt::process::Eprocess)).vad_root".into());
    lines.push("print *(0xc0002008 as *mut mm::pte::PteCell)".into());
    lines.push("dt _EPROCESS $process".into());
    for wrong in [
        "vad zz",
        "pte",
        "pte 123456789",
        "pfn ffffffff",
        "thread 9999",
        "process 9999",
        "ca 90000000",
        "handle 4000",
        "dt _NONE",
    ] {
        lines.push(format!("echo kd> {wrong}\\n"));
        lines.push(wrong.into());
    }
    lines.push("echo kd> end\\n".into());
    Ok(stopped.ask(commands, &lines)?.and_then(|said| judge_broken(&said, &stopped.kernel())))
}

fn judge_broken(said: &str, kernel: &str) -> Verdict {
    let found = sections(said);
    let answer = |question: &str| {
        let section = found.iter().find(|section| section[0] == format!("kd> {question}"));
        section.map(|section| section[1..].join("\n")).ok_or_else(|| format!("nothing after {question}:\n{said}"))
    };
    let root = answer("root")?;
    for ((place, value, _), ending) in BROKEN.iter().zip(ENDINGS) {
        let told = answer(&format!("{place} = {value}"))?;
        let ending = ending.replace("$root", &root);
        if !told.lines().rev().take(6).any(|line| line.contains(&ending)) {
            return Err(format!("{place} = {value}: no {ending:?} in\n{told}"));
        }
    }
    let told = sections(kernel);
    let kernels = |question: &str| told.iter().find(|section| section[0] == format!("kd> {question}"));
    let whole = answer("!vad")?;
    if kernels("!vad").map(|section| section[1..].join("\n")) != Some(whole.clone()) {
        return Err(format!("something was left broken:\n{whole}\n{kernel}"));
    }
    let audit = answer("!verify")?;
    for name in ["Frames", "Active", "VADs", "Valid user PTEs"] {
        let figure = |text: &str| {
            text.lines()
                .find_map(|line| line.trim().strip_prefix(&format!("{name}: ")).map(|rest| rest.trim().to_owned()))
        };
        let own = kernels("!verify").and_then(|section| figure(&section.join("\n")));
        if own.is_none() || own != figure(&audit) {
            return Err(format!("{name}: the kernel's audit has {own:?}:\n{audit}"));
        }
    }
    for (question, words) in WORDS {
        let told = answer(question)?;
        if let Some(missing) = words.iter().find(|words| !told.contains(*words)) {
            return Err(format!("no {missing:?} after {question}:\n{told}"));
        }
    }
    Ok(())
}

/// What is among the answers.
const WORDS: [(&str, &[&str]); 15] = [
    ("!vadose-offsets", &["167 fields agree, 0 do not"]),
    (
        "!dllsyms",
        &[
            "views.exe (0030):",
            "00400000 views.exe ",
            "7c920000 ntdll.dll ",
            "7c800000 KERNEL32.dll ",
            "/symbols/kernel32.dll",
        ],
    ),
    ("!info symbol views_stop", &["views_stop in section .text of "]),
    (
        "!info line kernel32::ffi::code_page::GetACP",
        &["userland/kernel32/src/ffi/code_page.rs\" starts at address 0x7c8"],
    ),
    ("!dllsyms 28", &["cmd.exe (0028):", "00400000 cmd.exe ", "/symbols/cmd.exe"]),
    (
        "shown",
        &[
            "= 3100-3101 Mapped = {",
            "flags = CommitCharge 2 WRITECOPY",
            "flags2 = ViewShare CopyOnWrite FileOffset 0x0",
            " empty\n",
            " ----A--UREV",
            "+0x084 unique_process_id               : 0x30",
        ],
    ),
    ("vad zz", &["zz is not a number"]),
    ("pte", &["pte needs an address"]),
    ("pte 123456789", &["123456789 is no address"]),
    ("pfn ffffffff", &["this frame is no RAM"]),
    ("thread 9999", &["there is no such thread"]),
    ("process 9999", &["there is no process 9999"]),
    ("ca 90000000", &["there is no control area there"]),
    ("handle 4000", &["this is no handle of the process"]),
    ("dt _NONE", &["has no type _NONE"]),
];
