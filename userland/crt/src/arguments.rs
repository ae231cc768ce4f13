//! How a command line becomes `argv`.
//!
//! The program's name ends at white space outside quotes, and a backslash in it is nothing special. In the arguments,
//! backslashes are special before a quote only: two are one, and one makes the quote a character. A quote that
//! follows the end of a quoted part at once is a character too.
//! Wildcards are expanded in arguments that do not begin with a quote, where the program asked for that; names are in
//! order, and an argument that means no file stays as it is.
//! Source: Microsoft's "Parsing C command-line arguments" and "Expanding wildcard arguments".

use alloc::vec::Vec;

const QUOTE: u16 = b'"' as u16;
const BACKSLASH: u16 = b'\\' as u16;

fn is_blank(unit: u16) -> bool {
    unit == u16::from(b' ') || unit == u16::from(b'\t')
}

/// The arguments in `line`, the program's name first.
pub fn split(line: &[u16]) -> Vec<Vec<u16>> {
    split_and_expand(line, |_| Vec::new())
}

/// The same with wildcards expanded: `find` gives the names of the files that a path with wildcards in its last part means.
pub fn split_and_expand(line: &[u16], mut find: impl FnMut(&[u16]) -> Vec<Vec<u16>>) -> Vec<Vec<u16>> {
    let (name, mut rest) = program_name(line);
    let mut arguments = Vec::from([name]);
    loop {
        let blanks = rest.iter().take_while(|&&unit| is_blank(unit)).count();
        rest = &rest[blanks..];
        if rest.is_empty() {
            return arguments;
        }
        let (next, after) = argument(rest);
        let expanded = if rest[0] == QUOTE { Vec::new() } else { expand(&next, &mut find) };
        if expanded.is_empty() {
            arguments.push(next);
        } else {
            arguments.extend(expanded);
        }
        rest = after;
    }
}

/// The paths that `pattern` means, in order; none where it has no wildcard.
#[doc(alias = "_cwild")]
fn expand(pattern: &[u16], find: &mut impl FnMut(&[u16]) -> Vec<Vec<u16>>) -> Vec<Vec<u16>> {
    const ENDS_OF_FOLDERS: [u16; 3] = [BACKSLASH, b'/' as u16, b':' as u16];
    if !pattern.iter().any(|&unit| unit == u16::from(b'*') || unit == u16::from(b'?')) {
        return Vec::new();
    }
    let folder = pattern.iter().rposition(|unit| ENDS_OF_FOLDERS.contains(unit)).map_or(0, |at| at + 1);
    let is_folder_itself = |name: &Vec<u16>| name.iter().all(|&unit| unit == u16::from(b'.'));
    let mut names: Vec<Vec<u16>> = find(pattern).into_iter().filter(|name| !is_folder_itself(name)).collect();
    names.sort_unstable_by_key(|name| name.iter().map(|&unit| user_support::text::lower(unit)).collect::<Vec<u16>>());
    names.into_iter().map(|name| [&pattern[..folder], &name].concat()).collect()
}

fn program_name(line: &[u16]) -> (Vec<u16>, &[u16]) {
    let (mut name, mut quoted) = (Vec::new(), false);
    for (index, &unit) in line.iter().enumerate() {
        match unit {
            QUOTE => quoted = !quoted,
            // Everything below a space ends it too.
            _ if !quoted && unit <= u16::from(b' ') => return (name, &line[index..]),
            _ => name.push(unit),
        }
    }
    (name, &[])
}

fn argument(text: &[u16]) -> (Vec<u16>, &[u16]) {
    let (mut result, mut quoted, mut at) = (Vec::new(), false, 0);
    while at < text.len() {
        let slashes = text[at..].iter().take_while(|&&unit| unit == BACKSLASH).count();
        at += slashes;
        if text.get(at) != Some(&QUOTE) {
            result.extend(core::iter::repeat_n(BACKSLASH, slashes));
            match text.get(at) {
                Some(&unit) if quoted || !is_blank(unit) => result.push(unit),
                _ => break,
            }
            at += 1;
            continue;
        }
        result.extend(core::iter::repeat_n(BACKSLASH, slashes / 2));
        at += 1;
        if slashes % 2 == 1 {
            result.push(QUOTE);
            continue;
        }
        if quoted && text.get(at) == Some(&QUOTE) {
            result.push(QUOTE);
            at += 1;
        }
        quoted = !quoted;
    }
    (result, &text[at.min(text.len())..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    fn arguments(line: &str) -> Vec<String> {
        let units: Vec<u16> = line.encode_utf16().collect();
        split(&units).iter().map(|argument| String::from_utf16(argument).unwrap()).collect()
    }

    #[test]
    fn wildcards_become_the_names_in_order() {
        let find = |pattern: &[u16]| match String::from_utf16(pattern).unwrap().as_str() {
            "*" | "C:\\x\\?.c" => [".", "..", "b.c", "A.c"].map(|name| name.encode_utf16().collect()).to_vec(),
            _ => Vec::new(),
        };
        for (line, expected) in [
            ("p *", &["p", "A.c", "b.c"][..]),
            ("p \"*\" a*", &["p", "*", "a*"]),
            ("p C:\\x\\?.c end", &["p", "C:\\x\\A.c", "C:\\x\\b.c", "end"]),
            ("* none", &["*", "none"]),
        ] {
            let units: Vec<u16> = line.encode_utf16().collect();
            let found = split_and_expand(&units, find);
            let found: Vec<String> = found.iter().map(|argument| String::from_utf16(argument).unwrap()).collect();
            assert_eq!(found, expected, "{line}");
        }
    }

    #[test]
    fn blanks_quotes_and_backslashes() {
        let table: [(&str, &[&str]); 14] = [
            ("p", &["p"]),
            ("p  a\tb ", &["p", "a", "b"]),
            (r#""C:\with space\p.exe" a"#, &[r"C:\with space\p.exe", "a"]),
            (r#"C:\"a b"\c d"#, &[r"C:\a b\c", "d"]),
            (r#"p "a b" c"#, &["p", "a b", "c"]),
            (r#"p a"b c"d"#, &["p", "ab cd"]),
            (r#"p """#, &["p", ""]),
            (r#"p a\\b \\server\x"#, &["p", r"a\\b", r"\\server\x"]),
            (r#"p a\"b"#, &["p", r#"a"b"#]),
            (r#"p a\\"b c""#, &["p", r"a\b c"]),
            (r#"p a\\\"b c"#, &["p", r#"a\"b"#, "c"]),
            (r#"p "a""b c""#, &["p", r#"a"b"#, "c"]),
            (r#"p "ends\\" x"#, &["p", r"ends\", "x"]),
            (r#"p "open end"#, &["p", "open end"]),
        ];
        for (line, expected) in table {
            assert_eq!(arguments(line), expected, "{line}");
        }
        assert_eq!(arguments(""), [""]);
        assert_eq!(arguments(r"p \"), ["p", r"\"]);
    }
}
