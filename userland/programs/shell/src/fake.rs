//! A system for tests: keys from a script, a few files, and everything that was written.

use std::collections::VecDeque;

use terminal::{Decoder, Key};

use crate::error::Win32Error;
use crate::streams::{Opening, Running, Stream, Streams};
use crate::system::*;

pub struct Fake {
    keys: VecDeque<Key>,
    written: Vec<u8>,
    directory: String,
    variables: Vec<(String, String)>,
    made: Vec<String>,
    streams: Vec<String>,
    closed: usize,
    redirected: Option<Stream>,
}

const FILES: [(&str, u32, &str); 8] = [
    ("C:\\hello.txt", 0x20, "Hello\r\nfile"),
    ("C:\\second file.txt", 0x20, "x"),
    ("C:\\samples", 0x10, ""),
    ("C:\\WINDOWS\\system32\\hello.exe", 0x20, "MZ"),
    ("C:\\WINDOWS\\system32", 0x10, ""),
    ("C:\\", 0x10, ""),
    ("D:\\", 0x10, ""),
    ("D:\\data", 0x10, ""),
];

impl Fake {
    pub fn typing(bytes: &[u8]) -> Self {
        let mut decoder = Decoder::new();
        let mut keys: VecDeque<Key> = bytes.iter().filter_map(|byte| decoder.push(*byte)).collect();
        keys.extend(decoder.idle());
        let variables = [("PATH", "C:\\WINDOWS\\system32"), ("ComSpec", "C:\\WINDOWS\\system32\\cmd.exe")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let (streams, redirected) = (Vec::new(), None);
        let (written, directory, made) = (Vec::new(), "C:\\".into(), Vec::new());
        Self { keys, written, directory, variables, made, streams, closed: 0, redirected }
    }

    /// Streams that were opened and not closed.
    pub fn open_streams(&self) -> usize {
        self.streams.len() - self.closed
    }

    fn stream(&mut self, name: String) -> Stream {
        self.streams.push(name);
        Stream(self.streams.len() as u32 - 1)
    }

    pub fn output(&self) -> String {
        String::from_utf8_lossy(&self.written).into_owned()
    }

    /// Writes down what was asked for.
    fn note(&mut self, words: &[&str]) -> Result<(), Win32Error> {
        self.written.extend(format!("<{}>\r\n", words.join(" ")).as_bytes());
        Ok(())
    }

    fn whole(&self, path: &str) -> String {
        let path = path.replace('/', "\\");
        if path.contains(':') { path } else { format!("{}\\{path}", self.directory.trim_end_matches('\\')) }
    }
}

impl Streams for Fake {
    fn pipe(&mut self) -> Result<(Stream, Stream), Win32Error> {
        Ok((self.stream("pipe".into()), self.stream("pipe".into())))
    }
    fn open(&mut self, path: &str, opening: Opening) -> Result<Stream, Win32Error> {
        if opening == Opening::Read && self.attributes(path).is_none() {
            return Err(Win32Error::FILE_NOT_FOUND);
        }
        Ok(self.stream(format!("{opening:?}:{path}")))
    }
    fn close(&mut self, stream: Stream) {
        assert!((stream.0 as usize) < self.streams.len());
        self.closed += 1;
    }
    fn redirect(&mut self, output: Option<Stream>) {
        self.redirected = output;
    }
    fn start(&mut self, _image: &str, line: &str, streams: [Option<Stream>; 3]) -> Result<Running, Win32Error> {
        let name = |stream: Option<Stream>| stream.map_or("own", |stream| &self.streams[stream.0 as usize]);
        let names = streams.map(name).join(" ");
        self.written.extend(format!("<start {line}: {names}>\r\n").as_bytes());
        Ok(Running { process: 1, id: 99 })
    }
    fn finish(&mut self, _program: Running) -> u32 {
        3
    }
}

impl System for Fake {
    fn read_key(&mut self) -> Option<Key> {
        self.keys.pop_front()
    }
    fn write(&mut self, text: &[u8]) {
        if let Some(stream) = self.redirected {
            self.written.extend(format!("{} gets ", self.streams[stream.0 as usize]).as_bytes());
        }
        self.written.extend(text);
    }
    fn column(&mut self) -> usize {
        4
    }
    fn current_directory(&mut self) -> String {
        self.directory.clone()
    }
    fn change_directory(&mut self, path: &str) -> Result<(), Win32Error> {
        let own = path.ends_with(':').then(|| self.variable(&format!("={path}")).unwrap_or(format!("{path}\\")));
        let whole = own.unwrap_or(self.whole(path));
        let known = FILES.iter().any(|(name, attributes, _)| name.eq_ignore_ascii_case(&whole) && *attributes == 0x10);
        self.directory = if known { whole } else { return Err(Win32Error::FILE_NOT_FOUND) };
        Ok(())
    }
    fn list(&mut self, pattern: &str) -> Result<Vec<File>, Win32Error> {
        let whole = self.whole(pattern).to_ascii_lowercase();
        let stem = whole.trim_end_matches('*');
        let folder = &stem[..stem.rfind('\\').unwrap_or(0)];
        let fits = |name: &str| name.to_ascii_lowercase().starts_with(stem) && name.rfind('\\') == Some(folder.len());
        let files: Vec<File> = FILES
            .iter()
            .filter(|(name, ..)| fits(name))
            .map(|(name, attributes, text)| File {
                name: name.rsplit('\\').next().unwrap_or_default().into(),
                attributes: *attributes,
                size: text.len() as u64,
                written: 1,
            })
            .collect();
        if files.is_empty() { Err(Win32Error::FILE_NOT_FOUND) } else { Ok(files) }
    }
    fn attributes(&mut self, path: &str) -> Option<u32> {
        let whole = self.whole(path);
        FILES.iter().find(|(name, ..)| name.eq_ignore_ascii_case(&whole)).map(|(_, attributes, _)| *attributes)
    }
    fn read_file(&mut self, path: &str, take: &mut dyn FnMut(&mut Self, &[u8]) -> bool) -> Result<(), Win32Error> {
        let whole = self.whole(path);
        let found =
            FILES.iter().find(|(name, ..)| name.eq_ignore_ascii_case(&whole)).ok_or(Win32Error::FILE_NOT_FOUND)?;
        take(self, found.2.as_bytes());
        Ok(())
    }
    fn copy_file(
        &mut self,
        from: &str,
        to: &str,
        watch: &mut dyn FnMut(&mut Self, u64) -> bool,
    ) -> Result<(), Win32Error> {
        if to.contains("full") {
            return Err(Win32Error(112));
        }
        watch(self, 1);
        self.note(&["copy", from, to])
    }
    fn delete_file(&mut self, path: &str) -> Result<(), Win32Error> {
        self.note(&["delete", path])
    }
    fn make_directory(&mut self, path: &str) -> Result<(), Win32Error> {
        let parent = self.whole(path);
        let parent = parent.rsplit_once('\\').map_or("", |(parent, _)| parent).to_owned();
        match self.attributes(path) {
            Some(_) => Err(Win32Error::ALREADY_EXISTS),
            None if parent != "C:" && !self.made.contains(&parent) && self.attributes(&parent).is_none() => {
                Err(Win32Error::PATH_NOT_FOUND)
            }
            None => {
                let whole = self.whole(path);
                self.made.push(whole);
                self.note(&["make", path])
            }
        }
    }
    fn remove_directory(&mut self, path: &str) -> Result<(), Win32Error> {
        self.note(&["remove", path])
    }
    fn move_file(&mut self, from: &str, to: &str, replaces: bool) -> Result<(), Win32Error> {
        self.note(&[if replaces { "move" } else { "rename" }, from, to])
    }
    fn free_bytes(&mut self, _: &str) -> Option<u64> {
        Some(4096)
    }
    fn variables(&mut self) -> Vec<(String, String)> {
        self.variables.clone()
    }
    fn variable(&mut self, name: &str) -> Option<String> {
        self.variables.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    }
    fn set_variable(&mut self, name: &str, value: Option<&str>) -> Result<(), Win32Error> {
        self.variables.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.variables.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        Ok(())
    }
    fn run(&mut self, image: &str, command_line: &str, wait: Wait) -> Result<Ran, Win32Error> {
        assert!(command_line.starts_with(image));
        let how = if wait == Wait::ForEnd { "waited" } else { "beside" };
        self.written.extend(format!("<{command_line} {how}>\r\n").as_bytes());
        Ok(if wait == Wait::ForEnd { Ran::Ended(3) } else { Ran::Running(99) })
    }
    fn processes(&mut self) -> Result<Vec<Process>, Win32Error> {
        Ok(vec![Process { id: 4, threads: 3, working_set: 8192, name: "System".into(), ..Process::default() }])
    }
    fn memory(&mut self) -> Result<Memory, Win32Error> {
        Ok(Memory { page_size: 4096, total: 1000, available: 400, ..Memory::default() })
    }
    fn regions(&mut self, id: u32) -> Result<Vec<Region>, Win32Error> {
        let region = |base, size, state, protection| Region {
            base,
            size,
            state,
            protection,
            kind: 0x2_0000,
            ..Region::default()
        };
        match id {
            4 => Ok(vec![
                region(0x10000, 0x2000, 0x1000, 0x104),
                region(0x12000, 0xE000, 0x1_0000, 1),
                region(0x20000, 0x1000, 0x2000, 0),
            ]),
            _ => Err(Win32Error::INVALID_PARAMETER),
        }
    }
    fn kill(&mut self, id: u32) -> Result<(), Win32Error> {
        if id == 4 { Err(Win32Error::ACCESS_DENIED) } else { Ok(()) }
    }
    fn own_id(&mut self) -> u32 {
        4
    }
    fn now(&mut self) -> (u64, u32) {
        (0, 1234)
    }
    fn shut_down(&mut self, _how: ShutDown) -> Win32Error {
        Win32Error(1314)
    }
}

#[test]
fn every_command_answers() {
    let output = |line: &str| {
        let mut shell = crate::Shell::new(Fake::typing(b""));
        let outcome = shell.carry_out(line);
        (outcome, shell.system.output())
    };
    use crate::shell::Outcome::Next;
    for (line, status, text) in [
        ("ver", 0, "Vadose"),
        ("dir", 0, "second file.txt"),
        ("dir h*", 0, "1 files with 11 bytes, 0 folders, 4,096 bytes free"),
        ("dir nosuch", 1, "cannot find the file"),
        ("ls", 0, "samples\\"),
        ("type hello.txt", 0, "Hello\r\nfile\r\n"),
        ("cat nosuch", 1, "nosuch: The system cannot find the file"),
        ("type", 1, "usage: type FILE..."),
        ("cd", 0, "C:\\\r\n"),
        ("cd nosuch", 1, "cannot find the path"),
        ("d:", 0, ""),
        ("x:", 1, "cannot find the drive"),
        ("echo a  b %PATH%", 0, "a  b C:\\WINDOWS\\system32\r\n"),
        ("set com", 0, "ComSpec=C:\\WINDOWS\\system32\\cmd.exe\r\n"),
        ("set nosuch", 1, "not defined"),
        ("set X=1", 0, ""),
        ("cls", 0, "\x1b[2J\x1b[H"),
        ("ps", 0, "System"),
        ("mem", 0, "available        400  1,600"),
        ("vm", 0, "00010000  00011fff   8  committed  private  read write guard"),
        ("vm 5", 1, "5: The parameter is incorrect."),
        ("kill", 1, "usage: kill ID"),
        ("kill 4", 1, "Access is denied"),
        ("kill 8", 0, ""),
        ("time", 0, "1601-01-01 00:00:00 UTC, running for 1.2 s"),
        ("history", 0, ""),
        ("help", 0, "shutdown"),
        ("help kill", 0, "kill ID"),
        ("help nosuch", 1, "There is no command"),
        ("shutdown", 1, "privilege"),
        ("reboot", 1, "privilege"),
        ("start hello", 0, "beside"),
        ("start", 1, "usage"),
        ("exit x", 1, "usage"),
    ] {
        let (outcome, output) = output(line);
        assert_eq!(outcome, Next(status), "{line}: {output}");
        assert!(output.contains(text), "{line}: {output}");
    }
}

#[test]
fn each_drive_has_a_current_folder_of_its_own() {
    let mut shell = crate::Shell::new(Fake::typing(b""));
    for (line, directory) in [
        ("cd samples", "C:\\samples"),
        ("cd D:\\data", "C:\\samples"),
        ("d:", "D:\\data"),
        ("cd D:\\", "D:\\"),
        ("C:", "C:\\samples"),
        ("cd /d D:\\data", "D:\\data"),
        ("x:", "D:\\data"),
    ] {
        let _ = shell.carry_out(line);
        assert_eq!(shell.system.current_directory(), directory, "{line}");
    }
}

#[test]
fn commands_that_change_files_take_paths_patterns_and_answers() {
    for (typed, line, status, text) in [
        ("", "copy", 1, "usage: copy [/Y] SOURCE [TARGET]"),
        ("", "copy hello.txt new.txt", 0, "<copy hello.txt new.txt>\r\n        1 file(s) copied."),
        ("", "copy hello.txt samples", 0, "<copy hello.txt samples\\hello.txt>"),
        ("", "copy hello.txt HELLO.TXT", 1, "onto itself"),
        ("", "copy hello.txt full.txt", 1, "hello.txt: There is not enough space on the disk."),
        ("", "copy nosuch x", 1, "nosuch: The system cannot find the file"),
        ("y", "copy hello.txt \"second file.txt\"", 0, "(Yes/No/All): Y\r\n<copy hello.txt second file.txt>"),
        ("n", "copy hello.txt \"second file.txt\"", 0, "        0 file(s) copied."),
        ("", "copy /y hello.txt \"second file.txt\"", 0, "<copy hello.txt second file.txt>"),
        ("", "copy h* samples", 0, "<copy hello.txt samples\\hello.txt>"),
        ("", "copy /z a b", 1, "usage: copy"),
        ("", "del hello.txt", 0, "<delete hello.txt>"),
        ("", "erase nosuch", 1, "Could Not Find nosuch"),
        ("n", "del *", 0, "*, Are you sure (Y/N)? N"),
        ("", "del /q *", 0, "<delete second file.txt>"),
        ("", "del", 1, "usage: del"),
        ("", "mkdir new", 0, "<make new>"),
        ("", "md new\\deep", 0, "<make new>\r\n<make new\\deep>"),
        ("", "mkdir samples", 1, "A subdirectory or file samples already exists."),
        ("", "rmdir samples", 0, "<remove samples>"),
        ("y", "rd /s samples", 0, "<remove samples>"),
        ("n", "rd /s samples", 0, "samples, Are you sure (Y/N)? N"),
        ("", "rmdir", 1, "usage: rmdir"),
        ("", "ren hello.txt *.bak", 0, "<rename hello.txt hello.bak>"),
        ("", "ren hello.txt other\\x", 1, "syntax is incorrect"),
        ("", "rename hello.txt", 1, "usage: ren FILE NAME"),
        ("", "move hello.txt samples", 0, "<move hello.txt samples\\hello.txt>\r\n        1 file(s) moved."),
        ("", "move samples other", 0, "        1 dir(s) moved."),
        ("", "move hello.txt", 1, "usage: move"),
    ] {
        let mut shell = crate::Shell::new(Fake::typing(typed.as_bytes()));
        let outcome = shell.carry_out(line);
        let output = shell.system.output();
        assert_eq!(outcome, crate::shell::Outcome::Next(status), "{line}: {output}");
        assert!(output.contains(text), "{line}: {output}");
    }
}
