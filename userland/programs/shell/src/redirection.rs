//! A line with pipes and redirections taken apart: `a <in | b >out 2>&1`.
//!
//! What stands in quotes is text. A digit counts as a stream only where it stands right before the sign, behind a space.

use alloc::string::String;
use alloc::vec::Vec;

use crate::streams::Opening;

/// Where a stream of a program comes from or goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file.
    File(String, Opening),
    /// Where standard output goes.
    Output,
}

/// A part of the line between pipes: its text without redirections, and those, for input, output and error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stage {
    /// The command with its arguments.
    pub text: String,
    /// Redirections of the three standard streams.
    pub targets: [Option<Target>; 3],
}

/// Why a line makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nonsense {
    /// A sign without a file behind it.
    NoFile,
    /// A pipe without a command on one of its sides.
    NoCommand,
}

impl Nonsense {
    /// For people.
    pub fn text(self) -> &'static str {
        match self {
            Self::NoFile => "A redirection needs a file behind it.",
            Self::NoCommand => "A pipe needs a command on both sides.",
        }
    }
}

/// The stages of `text`; one without redirections where there is nothing of the kind in it.
///
/// # Errors
/// [`Nonsense`].
pub fn stages(text: &str) -> Result<Vec<Stage>, Nonsense> {
    let parts = split_at_pipes(text);
    let several = parts.len() > 1;
    let stages: Vec<Stage> = parts.into_iter().map(stage).collect::<Result<_, _>>()?;
    let empty = stages.iter().any(|stage| stage.text.is_empty());
    if empty && (several || stages[0].targets != [None, None, None]) {
        return Err(Nonsense::NoCommand);
    }
    Ok(stages)
}

fn split_at_pipes(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted) = (Vec::new(), 0, false);
    for (index, letter) in text.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            '|' if !quoted => {
                parts.push(&text[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn stage(text: &str) -> Result<Stage, Nonsense> {
    let mut stage = Stage::default();
    let (mut rest, mut quoted) = (text, false);
    while let Some(letter) = rest.chars().next() {
        let after = &rest[letter.len_utf8()..];
        match letter {
            '"' => quoted = !quoted,
            '<' | '>' if !quoted => {
                rest = redirect(&mut stage, letter, after)?;
                continue;
            }
            _ => {}
        }
        stage.text.push(letter);
        rest = after;
    }
    stage.text = String::from(stage.text.trim());
    Ok(stage)
}

/// Takes the file behind a sign; what follows it.
fn redirect<'a>(stage: &mut Stage, sign: char, after: &'a str) -> Result<&'a str, Nonsense> {
    let number = stage.text.chars().last().and_then(|letter| letter.to_digit(3));
    let stands_alone = stage.text.chars().rev().nth(1).is_none_or(char::is_whitespace);
    let stream = match number {
        Some(number) if stands_alone => {
            stage.text.pop();
            number as usize
        }
        _ => usize::from(sign == '>'),
    };
    let (opening, after) = match (sign, after.strip_prefix('>')) {
        ('<', _) => (Opening::Read, after),
        (_, Some(rest)) => (Opening::Append, rest),
        _ => (Opening::Create, after),
    };
    if let Some(rest) = after.strip_prefix("&1") {
        stage.targets[stream] = Some(Target::Output);
        return Ok(rest);
    }
    let name = after.trim_start();
    let (name, rest) = match name.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
        None => name.split_at(name.find([' ', '\t', '<', '>']).unwrap_or(name.len())),
    };
    if name.is_empty() {
        return Err(Nonsense::NoFile);
    }
    stage.targets[stream] = Some(Target::File(String::from(name), opening));
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, opening: Opening) -> Option<Target> {
        Some(Target::File(name.into(), opening))
    }

    #[test]
    fn a_line_without_signs_is_one_stage() {
        let plain = |text: &str| Stage { text: text.into(), targets: [None, None, None] };
        assert_eq!(stages("echo a  b"), Ok(vec![plain("echo a  b")]));
        assert_eq!(stages("echo \"a | b > c\""), Ok(vec![plain("echo \"a | b > c\"")]));
        assert_eq!(stages(""), Ok(vec![plain("")]));
    }

    #[test]
    fn pipes_part_stages_and_signs_name_files() {
        let stages = stages("sort <in.txt | more 2>&1 >>\"out file\" -x").unwrap();
        assert_eq!(stages[0].text, "sort");
        assert_eq!(stages[0].targets, [file("in.txt", Opening::Read), None, None]);
        assert_eq!(stages[1].text, "more   -x");
        assert_eq!(stages[1].targets, [None, file("out file", Opening::Append), Some(Target::Output)]);
    }

    #[test]
    fn a_digit_is_a_stream_only_by_itself() {
        let one = |text: &str| stages(text).unwrap().remove(0);
        assert_eq!(one("prog 2>e").targets, [None, None, file("e", Opening::Create)]);
        assert_eq!(one("prog 2>e").text, "prog");
        assert_eq!(
            (one("echo x2>e").text, one("echo x2>e").targets[1].clone()),
            ("echo x2".into(), file("e", Opening::Create))
        );
        assert_eq!(one("echo 1 >e").text, "echo 1");
        assert_eq!(one("p 1>a 2>>b <c").targets[2], file("b", Opening::Append));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for text in ["a >", "a > | b", "a 2>>"] {
            assert_eq!(stages(text), Err(Nonsense::NoFile), "{text}");
        }
        for text in ["| b", "a |", "a || b", "> x"] {
            assert_eq!(stages(text), Err(Nonsense::NoCommand), "{text}");
        }
    }
}
