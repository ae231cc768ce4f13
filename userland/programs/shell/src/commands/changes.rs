//! Commands that change files and folders. A path may end in a pattern with wildcards.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::usage;
use crate::error::Win32Error;
use crate::parse::Line;
use crate::shell::Shell;
use crate::system::{File, System};
use crate::table::grouped;

/// Copies of more bytes than this show how far they are.
const LARGE: u64 = 1 << 20;
/// Milliseconds between two looks at how far a copy is.
const GLANCE: u32 = 250;
/// `FILE_ATTRIBUTE_DIRECTORY`.
const DIRECTORY: u32 = 0x10;

/// Options and paths of a line.
struct Arguments<'a> {
    options: Vec<String>,
    paths: Vec<&'a str>,
}

impl<'a> Arguments<'a> {
    /// Those of `line`, if it has at least `least` paths and at most `most`, and no options but those in `known`.
    fn of(line: &'a Line, least: usize, most: usize, known: &[&str]) -> Option<Self> {
        let is_option = |argument: &&String| argument.starts_with('/') && argument.len() == 2;
        let options: Vec<String> =
            line.arguments.iter().filter(is_option).map(|option| option[1..].to_ascii_lowercase()).collect();
        let paths: Vec<&str> =
            line.arguments.iter().filter(|argument| !is_option(argument)).map(String::as_str).collect();
        let sound =
            (least..=most).contains(&paths.len()) && options.iter().all(|option| known.contains(&option.as_str()));
        sound.then_some(Self { options, paths })
    }

    fn has(&self, option: &str) -> bool {
        self.options.iter().any(|other| other == option)
    }
}

/// The folder of `path` with its separator, and what follows.
fn split(path: &str) -> (&str, &str) {
    path.split_at(path.rfind(['\\', '/', ':']).map_or(0, |end| end + 1))
}

fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?'])
}

fn is_folder<S: System>(shell: &mut Shell<S>, path: &str) -> bool {
    path.ends_with(['\\', '/', ':'])
        || shell.system.attributes(path).is_some_and(|attributes| attributes & DIRECTORY != 0)
}

/// The path of `name` in `folder`.
fn within(folder: &str, name: &str) -> String {
    if folder.is_empty() || folder.ends_with(['\\', '/', ':']) {
        format!("{folder}{name}")
    } else {
        format!("{folder}\\{name}")
    }
}

/// The files that `path` describes, with their paths; no folders, unless `path` is the name of one.
fn described<S: System>(shell: &mut Shell<S>, path: &str) -> Result<Vec<(String, File)>, Win32Error> {
    let (folder, _) = split(path);
    let files = shell.system.list(path)?;
    let wanted = files.into_iter().filter(|file| !is_pattern(path) || !file.is_folder());
    let found: Vec<(String, File)> = wanted.map(|file| (format!("{folder}{}", file.name), file)).collect();
    if found.is_empty() { Err(Win32Error::FILE_NOT_FOUND) } else { Ok(found) }
}

/// Asks something that can be answered with the first letters of `answers`; the letter, N at the end of the input.
fn ask<S: System>(shell: &mut Shell<S>, question: &str, answers: &str) -> char {
    shell.print(question);
    while let Some(key) = shell.system.read_key() {
        let letter = char::from_u32(u32::from(key.character)).unwrap_or(' ').to_ascii_uppercase();
        if key.is_down && answers.contains(letter) {
            shell.print(&format!("{letter}\r\n"));
            return letter;
        }
    }
    shell.print("\r\n");
    'N'
}

/// Where a file called `name` goes that is copied or moved to `target`.
fn destination<S: System>(shell: &mut Shell<S>, target: &str, name: &str) -> String {
    if is_folder(shell, target) { within(target, name) } else { String::from(target) }
}

/// Whether what is at `path` may be replaced, as the options or whoever is asked say.
fn may_replace<S: System>(shell: &mut Shell<S>, path: &str, all: &mut bool) -> bool {
    if *all || shell.system.attributes(path).is_none() {
        return true;
    }
    match ask(shell, &format!("Overwrite {path}? (Yes/No/All): "), "YNA") {
        'A' => {
            *all = true;
            true
        }
        answer => answer == 'Y',
    }
}

pub(super) fn copy<S: System>(shell: &mut Shell<S>, line: &Line) -> u32 {
    let Some(arguments) = Arguments::of(line, 1, 2, &["y", "v", "b"]) else { return usage(shell, "copy") };
    let source = match is_folder(shell, arguments.paths[0]) {
        true => within(arguments.paths[0], "*"),
        false => String::from(arguments.paths[0]),
    };
    let target = arguments.paths.get(1).copied().unwrap_or(".");
    let files = match described(shell, &source) {
        Ok(files) => files,
        Err(error) => return shell.fail(&source, error),
    };
    let into_one = files.len() > 1 && !is_folder(shell, target);
    if into_one {
        return shell.fail(target, Win32Error::PATH_NOT_FOUND);
    }
    let (mut all, mut copied, mut status) = (arguments.has("y"), 0, 0);
    for (path, file) in &files {
        let to = destination(shell, target, &file.name);
        if files.len() > 1 {
            shell.print(&format!("{path}\r\n"));
        }
        if same_path(shell, path, &to) {
            shell.print("The file cannot be copied onto itself.\r\n");
            status = 1;
        } else if may_replace(shell, &to, &mut all) {
            match copy_one(shell, path, &to, file.size) {
                Ok(()) => copied += 1,
                Err(error) => status = shell.fail(path, error),
            }
        }
    }
    shell.print(&format!("{copied:>9} file(s) copied.\r\n"));
    status
}

fn same_path<S: System>(shell: &mut Shell<S>, one: &str, other: &str) -> bool {
    let directory = shell.system.current_directory();
    let whole = |path: &str| match path.strip_prefix(".\\").unwrap_or(path) {
        path if path.contains(':') => String::from(path),
        path => within(&directory, path),
    };
    whole(one).eq_ignore_ascii_case(&whole(other))
}

/// Copies one file of `size` bytes. A large one shows how far it is, and then how fast it was.
fn copy_one<S: System>(shell: &mut Shell<S>, from: &str, to: &str, size: u64) -> Result<(), Win32Error> {
    let start = shell.system.now().1;
    let mut shown = start;
    let result = shell.system.copy_file(from, to, &mut |system: &mut S, done| {
        let now = system.now().1;
        if size >= LARGE && now.wrapping_sub(shown) >= GLANCE {
            shown = now;
            let line = format!("\r{:>3} %  {}", done * 100 / size.max(1), rate(done, now.wrapping_sub(start)));
            system.write(line.as_bytes());
        }
        true
    });
    if size >= LARGE {
        let taken = shell.system.now().1.wrapping_sub(start);
        match result {
            Ok(()) => shell.print(&format!("\r100 %  {}\r\n", rate(size, taken))),
            Err(_) => shell.print("\r\n"),
        }
    }
    result
}

/// So many bytes in so many milliseconds, and how many in a second.
fn rate(bytes: u64, milliseconds: u32) -> String {
    let milliseconds = u64::from(milliseconds.max(1));
    let tenths = (bytes * 10_000 / milliseconds) >> 20;
    let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000 / 100);
    format!("{} bytes in {seconds}.{rest} s, {}.{} MB/s", grouped(bytes), tenths / 10, tenths % 10)
}

pub(super) fn delete<S: System>(shell: &mut Shell<S>, line: &Line) -> u32 {
    let Some(arguments) = Arguments::of(line, 1, usize::MAX, &["q", "f"]) else { return usage(shell, "del") };
    let mut status = 0;
    for path in &arguments.paths {
        let everything = is_folder(shell, path) || matches!(split(path).1, "*" | "*.*");
        let pattern = if is_folder(shell, path) { within(path, "*") } else { String::from(*path) };
        if everything && !arguments.has("q") && ask(shell, &format!("{pattern}, Are you sure (Y/N)? "), "YN") != 'Y' {
            continue;
        }
        let files = match described(shell, &pattern) {
            Ok(files) => files,
            Err(_) => {
                shell.print(&format!("Could Not Find {path}\r\n"));
                status = 1;
                continue;
            }
        };
        for (path, _) in files {
            if let Err(error) = shell.system.delete_file(&path) {
                status = shell.fail(&path, error);
            }
        }
    }
    status
}

pub(super) fn make_directory<S: System>(shell: &mut Shell<S>, line: &Line) -> u32 {
    let Some(arguments) = Arguments::of(line, 1, usize::MAX, &[]) else { return usage(shell, "mkdir") };
    let mut status = 0;
    for path in &arguments.paths {
        if let Err(error) = make_with_parents(shell, path) {
            status = match error {
                Win32Error::ALREADY_EXISTS => {
                    shell.print(&format!("A subdirectory or file {path} already exists.\r\n"));
                    1
                }
                error => shell.fail(path, error),
            };
        }
    }
    status
}

/// Makes a folder, and the folders that lead to it.
fn make_with_parents<S: System>(shell: &mut Shell<S>, path: &str) -> Result<(), Win32Error> {
    let path = path.trim_end_matches(['\\', '/']);
    match shell.system.make_directory(path) {
        Err(Win32Error::PATH_NOT_FOUND) => {
            let parent = split(path).0.trim_end_matches(['\\', '/']);
            if parent.is_empty() || parent.ends_with(':') {
                return Err(Win32Error::PATH_NOT_FOUND);
            }
            make_with_parents(shell, parent)?;
            shell.system.make_directory(path)
        }
        result => result,
    }
}

pub(super) fn remove_directory<S: System>(shell: &mut Shell<S>, line: &Line) -> u32 {
    let Some(arguments) = Arguments::of(line, 1, usize::MAX, &["s", "q"]) else { return usage(shell, "rmdir") };
    let mut status = 0;
    for path in &arguments.paths {
        let with_all = arguments.has("s");
        if with_all && !arguments.has("q") && ask(shell, &format!("{path}, Are you sure (Y/N)? "), "YN") != 'Y' {
            continue;
        }
        let removed = if with_all { remove_all(shell, path) } else { shell.system.remove_directory(path) };
        if let Err(error) = removed {
            status = shell.fail(path, error);
        }
    }
    status
}

/// Removes a folder and all that is in it.
fn remove_all<S: System>(shell: &mut Shell<S>, path: &str) -> Result<(), Win32Error> {
    let files = match shell.system.list(&within(path, "*")) {
        Err(Win32Error::FILE_NOT_FOUND) => Vec::new(),
        files => files?,
    };
    for file in files.iter().filter(|file| !matches!(file.name.as_str(), "." | "..")) {
        let below = within(path, &file.name);
        if file.is_folder() { remove_all(shell, &below)? } else { shell.system.delete_file(&below)? }
    }
    shell.system.remove_directory(path)
}

pub(super) fn rename<S: System>(shell: &mut Shell<S>, line: &Line) -> u32 {
    let Some(arguments) = Arguments::of(line, 2, 2, &[]) else { return usage(shell, "ren") };
    let [path, name] = arguments.paths[..] else { return usage(shell, "ren") };
    if !split(name).0.is_empty() {
        return shell.fail(name, Win32Error::INVALID_NAME);
    }
    let files = match described(shell, path) {
        Ok(files) => files,
        Err(error) => return shell.fail(path, error),
    };
    let (folder, mut status) = (split(path).0, 0);
    for (old, file) in files {
        let new = format!("{folder}{}", renamed(&file.name, name));
        if let Err(error) = shell.system.move_file(&old, &new, false) {
            status = shell.fail(&old, error);
        }
    }
    status
}

/// What `name` becomes by `pattern`: `*` in the name or the extension stands for what is there.
fn renamed(name: &str, pattern: &str) -> String {
    let parts = |text: &str| {
        text.rsplit_once('.')
            .map_or((String::from(text), None), |(name, extension)| (String::from(name), Some(String::from(extension))))
    };
    let ((old, old_extension), (new, new_extension)) = (parts(name), parts(pattern));
    let fill = |new: String, old: &str| match new.split_once('*') {
        Some((head, tail)) => format!("{head}{}{tail}", old.get(head.len()..).unwrap_or("")),
        None => new,
    };
    let name = fill(new, &old);
    match new_extension.map(|extension| fill(extension, old_extension.as_deref().unwrap_or(""))) {
        Some(extension) if !extension.is_empty() => format!("{name}.{extension}"),
        _ => name,
    }
}

pub(super) fn move_files<S: System>(shell: &mut Shell<S>, line: &Line) -> u32 {
    let Some(arguments) = Arguments::of(line, 2, 2, &["y"]) else { return usage(shell, "move") };
    let [source, target] = arguments.paths[..] else { return usage(shell, "move") };
    let files = match described(shell, source) {
        Ok(files) => files,
        Err(error) => return shell.fail(source, error),
    };
    if files.len() > 1 && !is_folder(shell, target) {
        return shell.fail(target, Win32Error::PATH_NOT_FOUND);
    }
    let (mut all, mut moved, mut status) = (arguments.has("y"), 0, 0);
    let is_one_folder = files.len() == 1 && files[0].1.is_folder();
    for (path, file) in files {
        let to = destination(shell, target, &file.name);
        if !same_path(shell, &path, &to) && !may_replace(shell, &to, &mut all) {
            continue;
        }
        match shell.system.move_file(&path, &to, true) {
            Ok(()) => moved += 1,
            Err(error) => status = shell.fail(&path, error),
        }
    }
    let what = if is_one_folder { "dir(s)" } else { "file(s)" };
    shell.print(&format!("{moved:>9} {what} moved.\r\n"));
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_keeps_what_its_star_stands_for() {
        for (name, pattern, new) in [
            ("a.txt", "*.bak", "a.bak"),
            ("a.txt", "b.*", "b.txt"),
            ("long.name.txt", "*.md", "long.name.md"),
            ("abc.txt", "x*.txt", "xbc.txt"),
            ("a.txt", "plain", "plain"),
            ("plain", "*.txt", "plain.txt"),
        ] {
            assert_eq!(renamed(name, pattern), new, "{name} {pattern}");
        }
    }

    #[test]
    fn a_rate_is_bytes_by_time() {
        assert_eq!(rate(64 << 20, 2000), "67,108,864 bytes in 2.0 s, 32.0 MB/s");
        assert_eq!(rate(1 << 20, 0), "1,048,576 bytes in 0.0 s, 1000.0 MB/s");
    }
}
