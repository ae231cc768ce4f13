//! The commands as a user runs them: this very program, started anew, with real kernel and real guest programs.
//!
//! The programs are those of `tests/commands`. What `exec` refuses without booting is tested on the host, with
//! an emulator that must not start.

use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Instant;

use super::{
    SuiteResult, Tally, TestOptions, drives, gdb, live_damage, live_dump, many_vads, pictures, screen_debugger,
    session, tours,
};
use crate::disk;
use crate::error::{self, Error, Result};
use crate::paths::Tree;
use crate::process;

pub(super) type Verdict = std::result::Result<(), String>;
/// One test: what it proves, and the function that proves it.
type Test = (&'static str, fn(&Commands) -> Result<Verdict>);

/// Runs the commands.
///
/// # Errors
/// What stops the runner itself.
pub fn run(tree: &Tree, options: &TestOptions, tally: &Tally) -> Result<()> {
    let began = Instant::now();
    let commands = Commands { tree: tree.clone() };
    let mut suite = SuiteResult::new("commands");
    let tests: [Test; 43] = [
        ("streams are binary-clean and the exit code comes through", Commands::streams),
        ("a status beyond eight bits is whole in the report", Commands::report),
        ("instruction counts repeat under --icount", Commands::repeatable),
        ("arguments, environment and extra files arrive", Commands::arguments),
        ("an exception is 134 with status and address", Commands::exception),
        ("the boot option says which programs may execute data", Commands::execution),
        ("a refused program is 127 with DLL and export", Commands::refused),
        ("the time-out is 124", Commands::timed_out),
        ("a disk of exec stays, and files come back from it", Commands::disk),
        ("the samples do what they say", Commands::samples),
        ("each bit of a VAD's flags is shown by a sample and the debugger", Commands::vad_flags),
        ("the shell of the disc image carries out every command and switches the machine off", Commands::shell),
        ("the shell runs programs, Ctrl-C and kill end them, and it starts the machine anew", Commands::programs),
        ("exec --console shows what the program writes, and nothing else", Commands::console),
        ("gdb stops at the kernel's entry with source lines", Commands::debugger),
        ("gdb's commands print what the kernel's debugger prints, of the machine and of a dump", gdb::agree),
        ("gdb's commands end whatever stands in a dump", gdb::corrupt),
        ("gdb's commands stop at broken lists and trees, and show values and symbols", gdb::broken),
        ("the tours print what gdb reads at the same stop", Commands::tours),
        ("past copy on write the audit names the page that the tour names", Commands::tour_past_copy),
        ("a page goes through working set, lists and paging file, and back", tours::page_life),
        ("tours are listed, and refused without the kernel option", Commands::tours_refused),
        ("a debugger's requests are checked", Commands::debug_control),
        ("ramview shows every frame of RAM in a picture of letters", pictures::ramview),
        ("picture takes the screen that ramview draws on", pictures::taken),
        ("vmview tells what another process has, by kind and by protection", pictures::vmview),
        ("picture takes the map that vmview draws on the screen", pictures::vmview_taken),
        ("after a picture the screen is the text's again, as it was", pictures::given_back),
        ("exec --kd prints an XP address space and a clean audit", Commands::listings),
        ("exec --kd stops at breakpoints of its own and steps", Commands::steps),
        ("the shell takes its commands from a pipe", Commands::piped_shell),
        ("Pause stops the system for the debugger on its own screen", |commands| screen_debugger::run(&commands.tree)),
        (".dump writes RAM to the disk that a program writes to, and both are right", |commands| {
            live_dump::run(&commands.tree)
        }),
        ("!vad lists ten thousand VADs", |commands| many_vads::run(&commands.tree)),
        ("a session of the debugger prints what is recorded", session::run),
        ("what is broken by hand ends the debugger's commands, and not the machine", |commands| {
            live_damage::run(&commands.tree)
        }),
        ("exec --kd lists views, handles and control areas", Commands::views),
        ("a write bit is set by hand where debugging is on, and the audit names the page", Commands::write_bit),
        ("a breakpoint stops for the debugger alone, and the program goes on", Commands::breakpoints),
        ("two drives have their own files, folders and changes", drives::two),
        ("the shell goes from drive to drive", drives::shell),
        ("a bare process with the regions of a real notepad.exe is listed as that was", drives::listing),
        ("a second terminal attaches to the machine's debugger", Commands::second_terminal),
    ];
    for (name, test) in tests.into_iter().filter(|(name, _)| name.contains(&options.name)) {
        suite.record(name, test(&commands)?);
    }
    tally.add(suite, began.elapsed());
    Ok(())
}

pub(super) struct Commands {
    pub(super) tree: Tree,
}

impl Commands {
    pub(super) fn program(&self, name: &str) -> Result<String> {
        let path: PathBuf = self.tree.built(&format!("commands/{name}.exe"), "guest")?;
        Ok(path.to_string_lossy().into_owned())
    }

    /// Starts this program with `words`, gives it `input`, and waits.
    pub(super) fn vadose(&self, words: &[&str], input: &[u8]) -> Result<Output> {
        self.vadose_in(Path::new("."), words, input)
    }

    /// The same, with `folder` as current directory.
    pub(super) fn vadose_in(&self, folder: &Path, words: &[&str], input: &[u8]) -> Result<Output> {
        let this = env::current_exe().map_err(Error::host("finding this program"))?;
        let mut child = Command::new(this)
            .args(words)
            .current_dir(folder)
            .env("VADOSE_ROOT", self.tree.root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(Error::host("starting this program"))?;
        let stdin = child.stdin.take();
        let input = input.to_vec();
        // From a thread of its own, so that neither side waits for the other. The program may end unread.
        let writer = thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
        let output = child.wait_with_output().map_err(Error::host("waiting for this program"))?;
        drop(writer.join());
        Ok(output)
    }

    fn streams(&self) -> Result<Verdict> {
        let input: Vec<u8> = (0..40_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let output = self.vadose(&["exec", &self.program("copy_input")?], &input)?;
        Ok(expect_code(&output, 7).and_then(|()| {
            check(output.stdout == input, || format!("{} bytes came back, or others", output.stdout.len()))?;
            check(output.stderr == b"40000 bytes\n", || format!("errors: {}", text(&output.stderr)))
        }))
    }

    fn report(&self) -> Result<Verdict> {
        let folder = process::scratch_folder()?;
        let path = folder.path().join("report.json");
        let name = path.to_string_lossy();
        let output = self.vadose(&["exec", "--icount", "--report", &name, &self.program("large_status")?], b"")?;
        let report: serde_json::Value =
            serde_json::from_slice(&fs::read(&path).unwrap_or_default()).unwrap_or_default();
        Ok(expect_code(&output, 0x86).and_then(|()| {
            let fine = report["exit_status_hex"] == "00012386"
                && report["kind"] == "exit"
                && report["audit"] == "ok"
                && report["guest_instructions"].as_u64() > Some(0)
                && report["boot_instructions"].as_u64() > Some(0);
            check(fine, || format!("the report: {report:#}"))
        }))
    }

    fn disk(&self) -> Result<Verdict> {
        let folder = process::scratch_folder()?;
        let image = folder.path().join("image").to_string_lossy().into_owned();
        let program = self.program("large_status")?;
        let bytes = fs::read(&program).map_err(Error::file("reading", Path::new(&program)))?;
        let first = self.vadose(&["exec", "--disk", &image, &program], b"")?;
        // The other program's run finds the first one's file.
        let second = self.vadose(&["exec", "--disk", &image, &self.program("copy_input")?], b"12")?;
        let kept = disk::get(Path::new(&image), "C:\\large_status.exe");
        let alone = folder.path().join("alone");
        fs::create_dir(&alone).map_err(Error::file("creating", &alone))?;
        let third = self.vadose_in(&alone, &["exec", "--get", "C:\\Windows\\system32\\ntdll.dll", &program], b"")?;
        let fetched = fs::read(alone.join("ntdll.dll")).unwrap_or_default();
        let own = fs::read(self.tree.built("system32/ntdll.dll", "userland")?).unwrap_or_default();
        Ok(expect_code(&first, 0x86)
            .and_then(|()| expect_code(&second, 7))
            .and_then(|()| check(second.stdout == b"12", || text(&second.stdout)))
            .and_then(|()| check(kept.is_ok_and(|kept| kept == bytes), || "the first program is gone".into()))
            .and_then(|()| expect_code(&third, 0x86))
            .and_then(|()| check(fetched == own && !own.is_empty(), || format!("{} bytes came back", fetched.len()))))
    }

    fn samples(&self) -> Result<Verdict> {
        let sample = |name: &str| self.tree.built(&format!("samples/{name}.exe"), "guest");
        let folder = process::scratch_folder()?;
        let watched = self.vadose(&["exec", &sample("write_watch")?.to_string_lossy()], b"")?;
        let turns: Vec<String> =
            text(&watched.stdout).lines().filter_map(|line| Some(line.split_once(':')?.1.trim().into())).collect();
        let shared = self.vadose(&["exec", &sample("shared_memory")?.to_string_lossy()], b"")?;
        let program = sample("mapped_file")?;
        let words = ["exec", "--get", "NOTEPAD.EXE", &program.to_string_lossy()];
        let mapped = self.vadose_in(folder.path(), &words, b"")?;
        let file = fs::read(folder.path().join("NOTEPAD.EXE")).unwrap_or_default();
        let mut expected = [0; 512];
        expected[..4].copy_from_slice(&[0x78, 0x56, 0x34, 0x12]);
        let said = text(&shared.stdout);
        let is_number = said.len() == 8 && said.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_base = is_number && said.ends_with("0000") && said != "00000000";
        Ok(expect_code(&watched, 0)
            .and_then(|()| check(turns == ["none", "3 5 6", "9 12", "none"], || text(&watched.stdout)))
            .and_then(|()| expect_code(&shared, 0))
            .and_then(|()| check(is_base, || format!("the view's address: {said:?}")))
            .and_then(|()| expect_code(&mapped, 0))
            .and_then(|()| check(file == expected, || format!("NOTEPAD.EXE: {file:02x?}"))))
    }

    fn repeatable(&self) -> Result<Verdict> {
        let folder = process::scratch_folder()?;
        let program = self.program("large_status")?;
        let mut reports = Vec::new();
        for name in ["one", "two"] {
            let path = folder.path().join(name);
            self.vadose(&["exec", "--icount", "--report", &path.to_string_lossy(), &program], b"")?;
            reports.push(fs::read_to_string(&path).unwrap_or_default());
        }
        let same = reports[0] == reports[1] && !reports[0].is_empty();
        Ok(check(same, || format!("two runs differ:\n{}\n{}", reports[0], reports[1])))
    }

    fn arguments(&self) -> Result<Verdict> {
        let extra = self.tree.file("tests/commands/arguments.c");
        let program = self.program("arguments")?;
        let words = [
            "exec",
            "--env",
            "GREETING=good day",
            "--file",
            &extra.to_string_lossy(),
            &program,
            "two words",
            "",
            "say \"hi\"",
        ];
        let output = self.vadose(&words, b"")?;
        let expected = "C:\\arguments.exe \"two words\" \"\" \"say \\\"hi\\\"\"\ngood day\n";
        Ok(expect_code(&output, 0).and_then(|()| check(text(&output.stdout) == expected, || text(&output.stdout))))
    }

    fn exception(&self) -> Result<Verdict> {
        let output = self.vadose(&["exec", &self.program("write_kernel")?], b"")?;
        Ok(expect_code(&output, error::EXCEPTION).and_then(|()| {
            expect_errors(&output, &["C0000005", "80000000"])?;
            check(output.stdout.is_empty(), || format!("output: {}", text(&output.stdout)))
        }))
    }

    /// The program is not marked NX-compatible; what its exit code means stands in its source.
    fn execution(&self) -> Result<Verdict> {
        let program = self.program("execution")?;
        let policies = [
            ("", 0b10_01_10),
            ("noexecute=alwayson", 0b01_00_00),
            ("noexecute=alwaysoff", 0b00_01_01),
            ("noexecute=optout", 0b11_00_10),
        ];
        for (word, expected) in policies {
            let output = self.vadose(&["exec", "--cmdline", word, &program], b"")?;
            if let wrong @ Err(_) = expect_code(&output, expected) {
                return Ok(wrong.map_err(|problem| format!("with \"{word}\": {problem}")));
            }
        }
        Ok(Ok(()))
    }

    fn refused(&self) -> Result<Verdict> {
        let output = self.vadose(&["exec", &self.program("missing_import")?], b"")?;
        Ok(expect_code(&output, error::LOADER_REFUSED)
            .and_then(|()| expect_errors(&output, &["KERNEL32.dll", "VadoseHasNoSuchExport"])))
    }

    fn timed_out(&self) -> Result<Verdict> {
        let began = Instant::now();
        let output = self.vadose(&["exec", "--timeout", "3", &self.program("spin")?], b"")?;
        Ok(expect_code(&output, error::TIMED_OUT).and_then(|()| {
            expect_errors(&output, &["time"])?;
            check(began.elapsed().as_secs() < 20, || format!("it took {:?}", began.elapsed()))
        }))
    }

    fn shell(&self) -> Result<Verdict> {
        super::shell::every_command(&self.tree)
    }

    fn programs(&self) -> Result<Verdict> {
        super::shell::programs(&self.tree)
    }

    fn console(&self) -> Result<Verdict> {
        let output = self.vadose(&["exec", "--console", &self.program("console")?], b"typed\nrest")?;
        // NtDisplayString is for people at the machine: it is in no program's output. What is typed is echoed.
        let expected = b"name? typed\r\n<typed\r\n>rest<rest>";
        Ok(expect_code(&output, 0x22).and_then(|()| {
            check(output.stdout == expected, || format!("output: {:?}", text(&output.stdout)))?;
            check(output.stderr.is_empty() || !text(&output.stderr).contains("for people"), || text(&output.stderr))
        }))
    }

    fn tours(&self) -> Result<Verdict> {
        tours::compare(&self.tree)
    }

    fn tours_refused(&self) -> Result<Verdict> {
        let tour = self.tree.built("programs/tour.exe", "guest")?.to_string_lossy().into_owned();
        let list = self.vadose(&["exec", &tour], b"")?;
        let refused = self.vadose(&["exec", &tour, "heap"], b"")?;
        let unknown = self.vadose(&["exec", "--cmdline", "debug", &tour, "translate", "here"], b"")?;
        Ok(expect_code(&list, 0)
            .and_then(|()| check(text(&list.stdout).matches("\ntour ").count() == 6, || text(&list.stdout)))
            .and_then(|()| expect_code(&refused, 3))
            .and_then(|()| check(text(&refused.stdout).contains("(ACCESS_DENIED)"), || text(&refused.stdout)))
            .and_then(|()| expect_code(&unknown, 2)))
    }

    fn tour_past_copy(&self) -> Result<Verdict> {
        let tour = self.tree.built("programs/tour.exe", "guest")?.to_string_lossy().into_owned();
        let words = ["exec", "--cmdline", "debug", "--kd", "!verify", &tour, "--break", "cow"];
        let output = self.vadose(&words, b"")?;
        let said = text(&output.stdout);
        let named = said.split("it names\nthe page: ").nth(1).and_then(|rest| rest.get(..8)).unwrap_or("?").to_owned();
        let audit = ["invariant T3".to_owned(), format!("The PTE of page {named} in tour.exe")];
        let audit: Vec<&str> = audit.iter().map(String::as_str).collect();
        // As it was afterwards, or exec's own audit would say so.
        Ok(expect_code(&output, 0).and_then(|()| expect_errors(&output, &audit)))
    }

    fn debug_control(&self) -> Result<Verdict> {
        let output = self.vadose(&["exec", "--cmdline", "debug", &self.program("debug_control")?], b"")?;
        Ok(expect_code(&output, 0).and_then(|()| check(output.stdout.is_empty(), || text(&output.stdout))))
    }

    fn piped_shell(&self) -> Result<Verdict> {
        let shell = self.tree.built("system32/cmd.exe", "userland")?;
        let output = self.vadose(&["exec", &shell.to_string_lossy()], b"echo one\r\nset X=two\necho %X%")?;
        let said = text(&output.stdout).replace('\r', "");
        let expected = "\nC:\\>echo one\none\nC:\\>set X=two\nC:\\>echo %X%\ntwo\n";
        Ok(expect_code(&output, 0).and_then(|()| check(said.contains(expected), || said.clone())))
    }
}

pub(super) fn check(fine: bool, problem: impl FnOnce() -> String) -> Verdict {
    if fine { Ok(()) } else { Err(problem()) }
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\r', "")
}

pub(super) fn expect_code(output: &Output, code: u8) -> Verdict {
    let found = output.status.code();
    check(found == Some(i32::from(code)), || {
        format!("expected exit code {code}, got {found:?}\n{}", text(&output.stderr))
    })
}

pub(super) fn expect_errors(output: &Output, words: &[&str]) -> Verdict {
    let errors = text(&output.stderr);
    let lower = errors.to_lowercase();
    check(words.iter().all(|word| lower.contains(&word.to_lowercase())), || {
        format!("standard error should mention {words:?}:\n{errors}")
    })
}
