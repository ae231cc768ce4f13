//! Completion: what the word before the cursor could become, a command or a file.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::commands::COMMANDS;
use crate::system::System;

/// What a word becomes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Where the word begins, in bytes of the line.
    pub start: usize,
    /// What it becomes.
    pub text: String,
    /// What it could still become, where that is more than one thing.
    pub choices: Vec<String>,
}

/// Completes the last word of `line`.
pub fn complete<S: System>(system: &mut S, line: &str) -> Completion {
    let start = word_start(line);
    let word: String = line[start..].chars().filter(|letter| *letter != '"').collect();
    let (folder, stem) = word.split_at(word.rfind(['\\', '/', ':']).map_or(0, |at| at + 1));
    let mut names: Vec<(String, bool)> = system
        .list(&format!("{folder}{stem}*"))
        .unwrap_or_default()
        .into_iter()
        .filter(|file| !file.name.starts_with('.'))
        .map(|file| (file.name.clone(), file.is_folder()))
        .collect();
    let is_command = line[..start].trim().is_empty() && folder.is_empty();
    if is_command {
        let fits = COMMANDS.iter().filter(|command| starts(command.name, stem));
        names.extend(fits.map(|command| (String::from(command.name), false)));
    }
    // Not `sort`, whose buffer on the stack wants a routine of the C library.
    names.sort_unstable();
    let common = match names.as_slice() {
        [] => return Completion { start, text: String::from(&line[start..]), choices: Vec::new() },
        [(name, true)] => format!("{name}\\"),
        [(name, false)] if is_command => format!("{name} "),
        [(name, false)] => name.clone(),
        [(first, _), others @ ..] => others.iter().fold(first.clone(), |common, (name, _)| shared(&common, name)),
    };
    // What was typed stays where more than one name fits it in another case.
    let common = if names.len() > 1 && common.len() <= stem.len() { String::from(stem) } else { common };
    let grows = common.len() > stem.len();
    let choices =
        if names.len() > 1 && !grows { names.into_iter().map(|(name, _)| name).collect() } else { Vec::new() };
    Completion { start, text: quoted(&format!("{folder}{common}"), is_command), choices }
}

fn word_start(line: &str) -> usize {
    let (mut start, mut quoted) = (0, false);
    for (index, letter) in line.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            ' ' | '\t' if !quoted => start = index + 1,
            _ => {}
        }
    }
    start
}

fn starts(name: &str, stem: &str) -> bool {
    name.get(..stem.len()).is_some_and(|start| start.eq_ignore_ascii_case(stem))
}

/// What two names begin with, whatever the case.
fn shared(one: &str, other: &str) -> String {
    let same = |(a, b): &(char, char)| a.eq_ignore_ascii_case(b);
    one.chars().zip(other.chars()).take_while(same).map(|(letter, _)| letter).collect()
}

fn quoted(name: &str, is_command: bool) -> String {
    if is_command || !name.contains(' ') { String::from(name) } else { format!("\"{name}\"") }
}
