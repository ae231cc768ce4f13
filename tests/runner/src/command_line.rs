//! Windows command lines: how a list of arguments becomes the one string that `CreateProcess` takes.
//!
//! The receiving program cuts it again by the rules of `CommandLineToArgvW` and of Microsoft's C run-time:
//! a backslash is ordinary unless a run of them stands before a quotation mark. The first word, the program,
//! is cut by a simpler rule (no escapes at all), so it is only ever wrapped.
//!
//! Source: "Parsing C command-line arguments" in the Microsoft C language reference.

/// The command line that gives `program` exactly `arguments`.
#[must_use]
pub fn join(program: &str, arguments: &[String]) -> String {
    let needs_quotes = program.contains([' ', '\t']) || program.is_empty();
    let mut line = if needs_quotes { format!("\"{program}\"") } else { program.to_owned() };
    for argument in arguments {
        line.push(' ');
        line.push_str(&quote(argument));
    }
    line
}

/// One argument, quoted where it must be and only there.
#[must_use]
pub fn quote(argument: &str) -> String {
    if !argument.is_empty() && !argument.contains([' ', '\t', '\n', '\x0b', '"']) {
        return argument.to_owned();
    }
    let mut quoted = String::from("\"");
    let mut backslashes = 0;
    for character in argument.chars() {
        match character {
            '\\' => {
                backslashes += 1;
                continue;
            }
            // The run of backslashes counts double before a quotation mark, and the mark takes one more.
            '"' => push_backslashes(&mut quoted, 2 * backslashes + 1),
            _ => push_backslashes(&mut quoted, backslashes),
        }
        backslashes = 0;
        quoted.push(character);
    }
    // The closing mark must not be escaped by what stands before it.
    push_backslashes(&mut quoted, 2 * backslashes);
    quoted.push('"');
    quoted
}

fn push_backslashes(text: &mut String, count: usize) {
    text.extend(std::iter::repeat_n('\\', count));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Cuts a command line as `CommandLineToArgvW` does, written from its rules and not from [`quote`].
    fn split(line: &str) -> Vec<String> {
        let characters: Vec<char> = line.chars().collect();
        let mut at = 0;
        let mut words = vec![split_program(&characters, &mut at)];
        loop {
            while matches!(characters.get(at), Some(' ' | '\t')) {
                at += 1;
            }
            if at == characters.len() {
                return words;
            }
            words.push(split_argument(&characters, &mut at));
        }
    }

    fn split_program(characters: &[char], at: &mut usize) -> String {
        let stop: &[char] = match characters.first() {
            Some('"') => {
                *at = 1;
                &['"']
            }
            _ => &[' ', '\t'],
        };
        let word: String = characters[*at..].iter().take_while(|c| !stop.contains(c)).collect();
        *at = (*at + word.chars().count() + usize::from(stop == ['"'])).min(characters.len());
        word
    }

    fn split_argument(characters: &[char], at: &mut usize) -> String {
        let (mut word, mut inside) = (String::new(), false);
        while let Some(&character) = characters.get(*at) {
            let run = characters[*at..].iter().take_while(|&&c| c == '\\').count();
            let mark = characters.get(*at + run) == Some(&'"');
            if run > 0 && mark {
                word.extend(std::iter::repeat_n('\\', run / 2));
                *at += run;
                if run % 2 == 1 {
                    word.push('"');
                    *at += 1;
                }
            } else if character == '"' {
                inside = !inside;
                *at += 1;
            } else if !inside && matches!(character, ' ' | '\t') {
                break;
            } else {
                word.push(character);
                *at += 1;
            }
        }
        word
    }

    #[test]
    fn arguments_are_quoted_where_they_must_be_and_only_there() {
        for (argument, quoted) in [
            ("plain", "plain"),
            ("", "\"\""),
            ("two words", "\"two words\""),
            ("a\\b", "a\\b"),
            ("C:\\", "C:\\"),
            ("C:\\my dir\\", "\"C:\\my dir\\\\\""),
            ("say \"hi\"", "\"say \\\"hi\\\"\""),
            ("\"", "\"\\\"\""),
            ("\\\"", "\"\\\\\\\"\""),
            ("a\\\\b c", "\"a\\\\b c\""),
            ("tab\there", "\"tab\there\""),
            ("/switch:x=1", "/switch:x=1"),
        ] {
            assert_eq!(quote(argument), quoted, "{argument:?}");
        }
    }

    #[test]
    fn the_program_is_wrapped_but_never_escaped() {
        assert_eq!(join("C:\\a.exe", &[]), "C:\\a.exe");
        assert_eq!(join("C:\\my prog.exe", &["x".into(), String::new()]), "\"C:\\my prog.exe\" x \"\"");
    }

    proptest! {
        #[test]
        fn the_program_gets_back_exactly_what_was_given(
            arguments in proptest::collection::vec("[a\\\\\" \té/%]{0,8}", 0..6)
        ) {
            let line = join("C:\\my prog.exe", &arguments);
            let words = split(&line);
            prop_assert_eq!(&words[0], "C:\\my prog.exe");
            prop_assert_eq!(&words[1..], &arguments[..]);
        }
    }
}
