//! The debuggers as a user runs them: `exec --kd`, `kd` in a second terminal, `debug`.

use std::env;
use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::commands::{Commands, Verdict, check, expect_code, expect_errors, text};
use super::listings;
use crate::error::{self, Error, Result};
use crate::process;

impl Commands {
    pub(super) fn listings(&self) -> Result<Verdict> {
        let folder = process::scratch_folder()?;
        let path = folder.path().join("kd.txt");
        let program = self.tree.built("samples/hello.exe", "guest")?;
        let commands = "!process 0 1; !vad; !memusage; !verify";
        let words = ["exec", "--kd", commands, "--kd-out", &path.to_string_lossy(), &program.to_string_lossy()];
        let output = self.vadose(&words, b"")?;
        let said = fs::read_to_string(&path).unwrap_or_default();
        Ok(expect_code(&output, 0)
            .and_then(|()| listings::process(&said, "hello.exe"))
            .and_then(|()| listings::vad(&said, "hello.exe"))
            .and_then(|()| listings::memusage(&said, "hello.exe"))
            .and_then(|()| listings::verify(&said)))
    }

    pub(super) fn views(&self) -> Result<Verdict> {
        let output = self.vadose(
            &["exec", "--kd", "!vad; !handle; !ca 3000000; !ca 3500000; !ca 400000", &self.program("views")?],
            b"",
        )?;
        Ok(expect_code(&output, 3).and_then(|()| listings::views(&text(&output.stderr))))
    }

    pub(super) fn write_bit(&self) -> Result<Verdict> {
        let program = self.tree.built("samples/hello.exe", "guest")?.to_string_lossy().into_owned();
        let refused = self.vadose(&["exec", "--kd", "!pte 401000 write; !verify", &program], b"")?;
        let commands = "!pte 401000 write; !verify";
        let written = self.vadose(&["exec", "--cmdline", "debug", "--kd", commands, &program], b"")?;
        let named = ["invariant T3", "The PTE of page 00401000 in hello.exe", "(EXECUTE_WRITECOPY) allows."];
        Ok(expect_code(&refused, 0)
            .and_then(|()| expect_errors(&refused, &["kernel has the option debug", "The audit is clean"]))
            .and_then(|()| expect_code(&written, 0))
            .and_then(|()| expect_errors(&written, &named)))
    }

    pub(super) fn breakpoints(&self) -> Result<Verdict> {
        let program = self.program("breakpoints")?;
        let stopped = self.vadose(&["exec", "--kd", "r; db eip L1", &program], b"")?;
        let left = self.vadose(&["exec", "--kd", "q", &program], b"")?;
        let alone = self.vadose(&["exec", &program], b"")?;
        let said = text(&stopped.stderr);
        let stops = said.matches("breakpoints.exe (").count();
        Ok(expect_code(&stopped, 6)
            .and_then(|()| check(text(&stopped.stdout) == "one\ntwo\n", || text(&stopped.stdout)))
            .and_then(|()| expect_errors(&stopped, &["eax=12345678", "eax=9abcdef0", "breakpoints+0x", "  cc  "]))
            .and_then(|()| check(stops == 2 && said.matches("): breakpoint at ").count() == 2, || said.clone()))
            // After q the second one is the program's, and so are both without a debugger.
            .and_then(|()| expect_code(&left, error::EXCEPTION))
            .and_then(|()| expect_errors(&left, &["kd> q", "80000003"]))
            .and_then(|()| expect_code(&alone, error::EXCEPTION)))
    }

    /// Steps and breakpoints of the debugger's own, in a program and in the kernel.
    pub(super) fn steps(&self) -> Result<Verdict> {
        let program = self.program("steps")?;
        // The page of ExitProcess comes with the call.
        let script = ".reload; x kernel32!ExitPro*; dt _EPROCESS ImageFileName; dt _MMVAD_FLAGS WriteWatch; \
                      bp eip+2; g; r; t; r; p; r; bc *; ba w4 edi; bl; g; r; bc *; \
                      bp kernel32!ExitProcess; g; u eip L1; bc *; \
                      bp nt!vadose_kernel::traps::system_call; g; r; k 1; .reload; t; r; bc *";
        let stepped = self.vadose(&["exec", "--cmdline", "debug", "--kd", script, &program], b"")?;
        let refused = self.vadose(&["exec", "--kd", "bp eip+2; t", &program], b"")?;
        let said = text(&stepped.stderr);
        let stops: Vec<u32> = said
            .split("): breakpoint at ")
            .skip(1)
            .filter_map(|stop| u32::from_str_radix(stop.get(..8)?, 16).ok())
            .collect();
        let places = stops.first().map(|start| stops.iter().map(|stop| stop.wrapping_sub(*start)).collect::<Vec<_>>());
        let expected = [0, 2, 3, 8, 11];
        let registers = ["eax=00000000", "eax=00000001", "ecx=00000001", "eax=00000002", "system_call+0x"];
        let types = ["+0x174 ImageFileName    : [16] UChar", "+0x000 WriteWatch       : Pos 23, 1 Bit"];
        let names = [
            " kernel32!ExitProcess\n",
            "\nkernel32!ExitProcess:\n",
            "7c920000 ntdll",
            " functions\n",
            "kd: the kernel stands still",
        ];
        // The exit code is what was stored, 2, and how often the function was called.
        Ok(expect_code(&stepped, 0x21)
            .and_then(|()| expect_errors(&stepped, &registers))
            .and_then(|()| expect_errors(&stepped, &types))
            .and_then(|()| expect_errors(&stepped, &names))
            .and_then(|()| {
                check(stops.len() == 8 && places.is_some_and(|places| places.starts_with(&expected)), || said.clone())
            })
            .and_then(|()| check(stops[7] > stops[6] && stops[6] >= 0x8000_0000, || said.clone()))
            .and_then(|()| expect_code(&refused, 0x21))
            .and_then(|()| expect_errors(&refused, &["breakpoints and steps need the kernel option debug"])))
    }

    pub(super) fn second_terminal(&self) -> Result<Verdict> {
        let this = env::current_exe().map_err(Error::host("finding this program"))?;
        let mut machine = Command::new(this)
            .args(["run", "--no-disk", "--timeout", "240", "--cmdline", "kd=wait"])
            .env("VADOSE_ROOT", self.tree.root())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(Error::host("starting this program"))?;
        // The first g ends the break-in, the second lets the first program start; each further one waits for a clock tick.
        let typed = [
            b"!process 0 0\nbogus\ndd 80000000 L1\n\x03!verify\ng\n".as_slice(),
            &b"g\n".repeat(50),
            b"!process 0 0\n",
        ];
        let typed = &typed.concat();
        let mut output = self.vadose(&["kd"], typed)?;
        // Until the machine's socket is there, nobody is.
        for _ in 0..200 {
            if output.status.success() {
                break;
            }
            thread::sleep(Duration::from_millis(100));
            output = self.vadose(&["kd"], typed)?;
        }
        // The program may be one that runs for ever, or one that has ended, and the machine with it.
        let asked = Command::new("kill").args(["-TERM", &machine.id().to_string()]).stderr(Stdio::null()).status();
        asked.map_err(Error::host("starting kill"))?;
        machine.wait().map_err(Error::host("waiting for this program"))?;
        let said = text(&output.stdout);
        let mentions = [
            "Image: System",
            "there is no command bogus",
            "80000000  ",
            "Break-in: the system stands still",
            "The audit is clean",
        ];
        Ok(expect_code(&output, 0)
            .and_then(|()| check(mentions.iter().all(|words| said.contains(words)), || said.clone()))
            .and_then(|()| {
                let started = said.matches("Image: ").count() > 2 || text(&output.stderr).contains("machine has ended");
                check(started, || format!("no program started:\n{said}"))
            }))
    }

    pub(super) fn debugger(&self) -> Result<Verdict> {
        let output = self.vadose(&["debug", "-batch", "-ex", "list"], b"")?;
        let said = text(&output.stdout);
        Ok(expect_code(&output, 0).and_then(|()| {
            let stopped = said.contains("reakpoint 1") && said.contains(".rs:");
            check(stopped, || format!("gdb said:\n{said}\n{}", text(&output.stderr)))
        }))
    }

    /// The lines of docs/vad-flags.md.
    pub(super) fn vad_flags(&self) -> Result<Verdict> {
        let shown = |name: &str, command: &str| -> Result<String> {
            let program = self.tree.built(&format!("samples/{name}.exe"), "guest")?;
            let output = self.vadose(&["exec", "--kd", command, &program.to_string_lossy()], b"")?;
            Ok(text(&output.stderr))
        };
        let rows = [
            ("hello", "Private READWRITE"),
            ("hello", "Mapped Exe EXECUTE_WRITECOPY \\hello.exe"),
            ("physical_memory", "Mapped Phys READONLY \\Device\\PhysicalMemory"),
            ("awe", "Private AWE READWRITE UserPhysicalPages"),
            ("write_watch", "Private READWRITE WriteWatch"),
            ("large_pages", "Private READWRITE LargePages"),
            ("no_change", "Mapped READWRITE Pagefile section, shared commit 0x10"),
        ];
        for (name, expected) in rows {
            let told = shown(name, "!vad")?;
            let lines = told.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
            let Some(line) =
                lines.into_iter().find(|line| line.get(5..).is_some_and(|words| words.join(" ") == expected))
            else {
                return Ok(Err(format!("{name}: {expected:?} is not there: {told}")));
            };
            let detail = match name {
                "no_change" => "NoChange ViewShare SecNoChange READWRITE",
                "hello" if expected.starts_with("Private") => "PrivateMemory MemCommit READWRITE",
                _ => continue,
            };
            let whole = shown(name, &format!("!vad {} 1", line[0]))?;
            if !whole.lines().any(|line| line.trim() == detail) {
                return Ok(Err(format!("{name}: {detail:?} is not there: {whole}")));
            }
        }
        Ok(Ok(()))
    }
}
