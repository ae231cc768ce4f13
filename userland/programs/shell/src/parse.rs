//! A line taken apart: variables put in, words and quotes, and a `&` at its end.

use alloc::string::String;
use alloc::vec::Vec;

/// A line that has been taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The command, without quotes.
    pub command: String,
    /// Everything behind it, as it was typed.
    pub rest: String,
    /// The words behind it, without quotes.
    pub arguments: Vec<String>,
    /// A `&` ended it: it is not waited for.
    pub background: bool,
}

/// The command that the shell's own command line asks for with `/c`; nothing where it asks for a shell to type in.
///
/// Quotes around all of it go: those around the whole, unless they are the only ones and hold a name with spaces.
pub fn command_of(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    loop {
        rest = rest[word_end(rest)..].trim_start();
        let switch = rest.get(..2)?;
        if switch.eq_ignore_ascii_case("/c") {
            return Some(without_outer_quotes(rest[2..].trim()));
        }
        if !switch.starts_with('/') {
            return None;
        }
    }
}

fn without_outer_quotes(text: &str) -> &str {
    const SPECIAL: [char; 8] = ['&', '<', '>', '(', ')', '@', '^', '|'];
    let is_name =
        text.matches('"').count() == 2 && text.ends_with('"') && text.contains(' ') && !text.contains(SPECIAL);
    let Some(inside) = text.strip_prefix('"').filter(|_| !is_name) else { return text };
    match inside.rfind('"') {
        Some(last) if inside[last + 1..].is_empty() => &inside[..last],
        _ => text,
    }
}

/// Takes `text` apart; nothing for a line without a word.
pub fn parse(text: &str) -> Option<Line> {
    let (text, background) = without_background(text.trim());
    let end = word_end(text);
    let (command, rest) = text.split_at(end);
    if command.is_empty() {
        return None;
    }
    let rest = rest.trim_start();
    let line = Line { command: unquoted(command), rest: String::from(rest), arguments: words(rest), background };
    Some(split_command(line))
}

/// `cd..` and `cd\` need no space, as on Windows.
fn split_command(mut line: Line) -> Line {
    for name in ["cd", "dir"] {
        let start = line.command.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        if start && line.command[name.len()..].starts_with(['.', '\\', '/']) {
            let argument = line.command.split_off(name.len());
            line.rest = alloc::format!("{argument} {}", line.rest);
            line.arguments.insert(0, argument);
        }
    }
    line
}

/// `text` without a `&` at its end that no quote holds.
fn without_background(text: &str) -> (&str, bool) {
    let quoted = text.matches('"').count() % 2 == 1;
    match text.strip_suffix('&') {
        Some(start) if !quoted => (start.trim_end(), true),
        _ => (text, false),
    }
}

/// The words of `text`: spaces separate them where no quotes hold them together.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (word, others) = rest.split_at(word_end(rest));
        words.push(unquoted(word));
        rest = others.trim_start();
    }
    words
}

/// Where the first word of `text` ends, in bytes.
fn word_end(text: &str) -> usize {
    let mut quoted = false;
    for (index, letter) in text.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            ' ' | '\t' if !quoted => return index,
            _ => {}
        }
    }
    text.len()
}

fn unquoted(word: &str) -> String {
    word.chars().filter(|letter| *letter != '"').collect()
}

/// `text` with `%NAME%` replaced by what `value` gives; a name that it does not know stays as it is, and `%%` is a `%`.
pub fn expand(text: &str, mut value: impl FnMut(&str) -> Option<String>) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        result.push_str(before);
        match after.split_once('%') {
            Some(("", others)) => {
                result.push('%');
                rest = others;
            }
            Some((name, others)) => match value(name) {
                Some(value) => {
                    result.push_str(&value);
                    rest = others;
                }
                None => {
                    result.push('%');
                    rest = after;
                }
            },
            None => {
                result.push('%');
                rest = after;
            }
        }
    }
    result.push_str(rest);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_command_and_words() {
        let line = parse("  type \"C:\\a b.txt\"  second ").unwrap();
        assert_eq!((line.command.as_str(), line.background), ("type", false));
        assert_eq!(line.arguments, ["C:\\a b.txt", "second"]);
        assert_eq!(line.rest, "\"C:\\a b.txt\"  second");
        assert_eq!(parse("   "), None);
        assert_eq!(parse("\"C:\\my prog.exe\" x").unwrap().command, "C:\\my prog.exe");
        assert_eq!(parse("echo \"half open").unwrap().arguments, ["half open"]);
    }

    #[test]
    fn an_ampersand_at_the_end_sends_it_to_the_background() {
        let line = parse("spin 1 &").unwrap();
        assert_eq!((line.background, line.rest.as_str()), (true, "1"));
        assert!(parse("spin&").unwrap().background);
        assert!(!parse("echo \"a &").unwrap().background);
        assert_eq!(parse("&"), None);
    }

    #[test]
    fn some_commands_need_no_space() {
        let line = parse("cd..").unwrap();
        assert_eq!((line.command.as_str(), line.arguments[0].as_str()), ("cd", ".."));
        assert_eq!(parse("CD\\windows").unwrap().arguments, ["\\windows"]);
        assert_eq!(parse("cdrom").unwrap().command, "cdrom");
    }

    #[test]
    fn variables_are_put_in() {
        let value = |name: &str| name.eq_ignore_ascii_case("path").then(|| String::from("C:\\x"));
        for (text, expected) in [
            ("a %PATH% b %path%", "a C:\\x b C:\\x"),
            ("100% sure", "100% sure"),
            ("%%PATH%%", "%PATH%"),
            ("%nosuch%", "%nosuch%"),
            ("50%nosuch%PATH%", "50%nosuchC:\\x"),
            ("%", "%"),
        ] {
            assert_eq!(expand(text, value), expected, "{text}");
        }
    }

    #[test]
    fn a_command_in_the_command_line_is_found() {
        for (line, expected) in [
            ("cmd.exe /c dir", Some("dir")),
            ("\"C:\\WINDOWS\\system32\\cmd.exe\" /C echo a \"b\"", Some("echo a \"b\"")),
            ("cmd /s /c \"sort <a >b\"", Some("sort <a >b")),
            ("cmd /c \"\"a b.exe\" \"c\"\"", Some("\"a b.exe\" \"c\"")),
            ("cmd /c \"a b.exe\"", Some("\"a b.exe\"")),
            ("cmd /c \"a b.exe\" c", Some("\"a b.exe\" c")),
            ("cmd /c", Some("")),
            ("cmd.exe", None),
            ("cmd.exe dir /c", None),
        ] {
            assert_eq!(command_of(line), expected, "{line}");
        }
    }
}
