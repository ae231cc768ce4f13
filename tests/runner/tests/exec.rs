//! `exec` from the outside: what it refuses without booting, and how each end of a guest becomes an exit code.
//! The guest is played by `examples/fake_qemu.rs`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A tree with an empty kernel and DLL, and a place for programs.
struct Fixture {
    folder: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for needed in ["out/system32", "out/programs", "out/symbols"] {
            fs::create_dir_all(folder.path().join(needed)).unwrap();
        }
        fs::write(folder.path().join("out/kernel"), "kernel").unwrap();
        fs::write(folder.path().join("out/system32/kernel32.dll"), "MZ").unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    fn booted(&self) -> bool {
        self.path("marker").exists()
    }

    fn exec(&self, guest: &str, words: &[&str], input: &[u8]) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_runner"))
            .arg("exec")
            .args(words)
            .env("VADOSE_ROOT", self.folder.path())
            .env("VADOSE_QEMU", fake_qemu())
            .env("VADOSE_FAKE_GUEST", guest)
            .env("VADOSE_FAKE_MARKER", self.path("marker"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap()
    }

    fn run(&self, guest: &str) -> Output {
        let program = self.file("hello.exe", &program());
        self.exec(guest, &["--timeout", "20", program.to_str().unwrap()], b"")
    }
}

/// The stand-in for QEMU, which cargo builds with the other examples beside the tests.
fn fake_qemu() -> PathBuf {
    let runner = Path::new(env!("CARGO_BIN_EXE_runner"));
    let path = runner.parent().unwrap().join("examples/fake_qemu");
    assert!(path.exists(), "{} is missing: run plain `cargo test`, which builds examples", path.display());
    path
}

/// A 32-bit console EXE without sections.
fn program() -> Vec<u8> {
    let mut bytes = vec![0; 0x200];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(0, b"MZ");
    put(0x3c, &[0x40]);
    put(0x40, b"PE\0\0\x4c\x01");
    put(0x54, &[224, 0, 0x02, 0x01]);
    put(0x58, &[0x0b, 0x01]);
    put(0x58 + 68, &[3]);
    put(0x58 + 92, &[16]);
    bytes
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn bad_input_is_refused_in_one_line_and_without_a_boot() {
    let fixture = Fixture::new();
    let mut wide = program();
    wide[0x44..0x46].copy_from_slice(&[0x64, 0x86]);
    let mut dll = program();
    dll[0x57] |= 0x20;
    let mut graphical = program();
    graphical[0x58 + 68] = 2;
    fixture.file("wide.exe", &wide);
    fixture.file("dll.dll", &dll);
    fixture.file("graphical.exe", &graphical);
    fixture.file("text.exe", b"echo hello\n");
    fixture.file("cut.exe", &program()[..0x60]);
    fixture.file("good.exe", &program());
    let path = |name: &str| fixture.path(name).to_str().unwrap().to_owned();
    let good = path("good.exe");
    for (words, mention) in [
        (vec![path("absent.exe")], "No such file"),
        (vec![path("out")], "directory"),
        (vec![path("wide.exe")], "64-bit"),
        (vec![path("dll.dll")], "a DLL"),
        (vec![path("graphical.exe")], "graphical"),
        (vec![path("text.exe")], "text file"),
        (vec![path("cut.exe")], "cut short"),
        (vec!["--file".into(), path("absent"), good.clone()], "absent is not a file"),
        (vec!["--dir".into(), good.clone(), good.clone()], "is not a folder"),
        (vec!["--file".into(), good.clone(), good.clone()], "two files want to be C:\\good.exe"),
        (vec!["--disk".into(), good.clone(), good.clone()], "it has no FAT partition"),
    ] {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let output = fixture.exec("echo", &words, b"");
        let said = errors(&output);
        assert_eq!(output.status.code(), Some(126), "{words:?}: {said}");
        assert!(said.contains(mention), "{words:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{words:?}: {said}");
        assert!(output.stdout.is_empty() && !fixture.booted(), "{words:?}");
    }
}

#[test]
fn a_wrong_command_line_is_bad_input_too() {
    let fixture = Fixture::new();
    for words in [
        &[][..],
        &["--no-such-option", "x.exe"],
        &["--ram", "0", "x.exe"],
        &["--env", "=x", "x.exe"],
        &["--kd", " ;", "x.exe"],
        &["--kd-out", "y", "x.exe"],
    ] {
        let output = fixture.exec("echo", words, b"");
        assert_eq!(output.status.code(), Some(126), "{words:?}: {}", errors(&output));
        assert!(output.stdout.is_empty() && !fixture.booted(), "{words:?}");
    }
}

#[test]
fn streams_pass_through_unchanged_and_the_low_eight_bits_are_the_exit_code() {
    let fixture = Fixture::new();
    let input: Vec<u8> = (0..70_000u32).map(|n| (n * 7919 % 251) as u8).chain(*b"\r\n\0\x1a\xff").collect();
    let program = fixture.file("hello.exe", &program());
    let output = fixture.exec("echo", &[program.to_str().unwrap()], &input);
    assert_eq!(output.status.code(), Some((input.len() & 0xff) as i32), "{}", errors(&output));
    assert_eq!(output.stdout, input);
    assert_eq!(output.stderr, b"to errors\n");
}

#[test]
fn every_end_of_a_guest_has_its_exit_code_and_its_words() {
    let fixture = Fixture::new();
    for (guest, code, mentions) in [
        ("exception", 134, &["hello.exe: unhandled exception C0000005 at 80000000"][..]),
        ("loader", 127, &["a.dll lacks B"]),
        ("audit", 125, &["F2 broken"]),
        ("bugcheck", 125, &["bugcheck 0000001A", "*** STOP 0000001A"]),
        ("vanish", 125, &["before the program did"]),
        ("garbage", 123, &["unknown channel 71"]),
        ("truncated", 123, &["ended inside a frame"]),
    ] {
        let output = fixture.run(guest);
        let said = errors(&output);
        assert_eq!(output.status.code(), Some(code), "{guest}: {said}");
        assert!(mentions.iter().all(|words| said.contains(words)), "{guest}: {said}");
        assert!(output.stdout.is_empty(), "{guest}");
    }
}

#[test]
fn what_the_debugger_prints_goes_to_standard_error_or_a_file() {
    let fixture = Fixture::new();
    let program = fixture.file("hello.exe", &program());
    let program = program.to_str().unwrap();
    let output = fixture.exec("debugger", &["--kd", "!vad; r", program], b"");
    assert_eq!((output.status.code(), errors(&output)), (Some(0), "kd> !vad; r\n".into()));
    let file = fixture.path("kd.txt");
    let output = fixture.exec("debugger", &["--kd", "g", "--kd-out", file.to_str().unwrap(), program], b"");
    assert_eq!((output.status.code(), errors(&output)), (Some(0), String::new()));
    assert_eq!(fs::read_to_string(&file).unwrap(), "kd> g\n");
}

#[test]
fn a_bugcheck_is_in_the_report() {
    let fixture = Fixture::new();
    let program = fixture.file("hello.exe", &program());
    let report = fixture.path("report.json");
    fixture.exec("bugcheck", &["--report", report.to_str().unwrap(), program.to_str().unwrap()], b"");
    let value: serde_json::Value = serde_json::from_str(&fs::read_to_string(&report).unwrap()).unwrap();
    assert_eq!(value["bugcheck"]["code"], "0000001A");
    assert_eq!(value["bugcheck"]["parameters"][0], "00000003");
}

#[test]
fn without_a_machine_the_debugger_has_nobody_to_talk_to() {
    let fixture = Fixture::new();
    let output = Command::new(env!("CARGO_BIN_EXE_runner"))
        .arg("kd")
        .env("VADOSE_ROOT", fixture.folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(126));
    assert_eq!(errors(&output), "vadose: no machine runs: start one with ./vadose run or make run\n");
}

#[test]
fn a_guest_that_hangs_is_stopped() {
    let fixture = Fixture::new();
    let program = fixture.file("hello.exe", &program());
    let began = Instant::now();
    let output = fixture.exec("silent", &["--timeout", "1", program.to_str().unwrap()], b"");
    assert_eq!(output.status.code(), Some(124), "{}", errors(&output));
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[test]
fn the_report_is_written_whatever_happens() {
    let fixture = Fixture::new();
    let good = fixture.file("hello.exe", &program());
    let report = fixture.path("report.json");
    for (guest, program, kind) in
        [("exception", good.to_str().unwrap(), "exception"), ("echo", "absent.exe", "bad-input")]
    {
        let words = ["--icount", "--report", report.to_str().unwrap(), program];
        fixture.exec(guest, &words, b"");
        let text = fs::read_to_string(&report).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["kind"], kind, "{text}");
        fs::remove_file(&report).unwrap();
    }
}

#[test]
fn images_are_listed_and_others_are_refused() {
    let image = |words: &[&str]| Command::new(env!("CARGO_BIN_EXE_runner")).arg("image").args(words).output().unwrap();
    let listed = image(&[]);
    assert_eq!(listed.status.code(), Some(0));
    let names: Vec<String> = String::from_utf8_lossy(&listed.stdout)
        .lines()
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["injected", "hollowed", "hooked", "unlinked", "pte-forms", "paged"]);
    let help = image(&["--help"]);
    assert!(names.iter().all(|name| String::from_utf8_lossy(&help.stdout).contains(name)));
    let refused = image(&["nothing"]);
    assert_eq!(refused.status.code(), Some(126));
    assert!(errors(&refused).starts_with("vadose: nothing is no scenario; there are\n"), "{}", errors(&refused));
    assert!(refused.stdout.is_empty());
}

#[test]
fn nothing_is_left_in_the_temporary_directory() {
    let fixture = Fixture::new();
    let program = fixture.file("hello.exe", &program());
    let scratch = fixture.path("scratch");
    fs::create_dir(&scratch).unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_runner"))
        .args(["exec", program.to_str().unwrap()])
        .env("TMPDIR", &scratch)
        .env("VADOSE_ROOT", fixture.folder.path())
        .env("VADOSE_QEMU", fake_qemu())
        .env("VADOSE_FAKE_GUEST", "exception")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(134));
    assert_eq!(fs::read_dir(&scratch).unwrap().count(), 0);
}
