//! Names with wildcards, as the file systems of NT take them.
//!
//! `*` is any characters, `?` one. Three more stand for what these meant under DOS, and kernel32 puts them into what programs
//! pass: `<` is any characters up to the last dot, `>` one character or none before a dot or at the end, `"` a dot or the end.
//!
//! Source: Microsoft's documentation of `FsRtlIsNameInExpression`.

use crate::path::{LONGEST_NAME, upper};

const STAR: u16 = b'*' as u16;
const QUESTION: u16 = b'?' as u16;
const DOS_STAR: u16 = b'<' as u16;
const DOS_QUESTION: u16 = b'>' as u16;
const DOS_DOT: u16 = b'"' as u16;
const DOT: u16 = b'.' as u16;

/// Positions in an expression at which a name could have arrived: one a character, and the end.
type Positions = [bool; LONGEST_NAME + 1];

/// Whether `name` is what `expression` describes; case does not matter. An expression longer than a name can be has none.
#[doc(alias = "FsRtlIsNameInExpression")]
pub fn matches(expression: &[u16], name: &[u16]) -> bool {
    if expression.len() > LONGEST_NAME {
        return false;
    }
    let mut at: Positions = [false; LONGEST_NAME + 1];
    at[0] = true;
    for (index, unit) in name.iter().enumerate() {
        pass_over_nothing(expression, &mut at, Some(*unit));
        let more_dots = name[index + 1..].contains(&DOT);
        at = step(expression, &at, *unit, more_dots);
    }
    pass_over_nothing(expression, &mut at, None);
    at[expression.len()]
}

/// Goes past what needs no character before `next`, which is none at the end of the name.
fn pass_over_nothing(expression: &[u16], at: &mut Positions, next: Option<u16>) {
    for (index, wildcard) in expression.iter().enumerate() {
        let passes = match *wildcard {
            STAR | DOS_STAR => true,
            DOS_QUESTION => matches!(next, None | Some(DOT)),
            DOS_DOT => next.is_none(),
            _ => false,
        };
        at[index + 1] |= at[index] && passes;
    }
}

/// Where the positions lead with the character `unit`.
fn step(expression: &[u16], at: &Positions, unit: u16, more_dots: bool) -> Positions {
    let mut next: Positions = [false; LONGEST_NAME + 1];
    for (index, wildcard) in expression.iter().enumerate().filter(|(index, _)| at[*index]) {
        match *wildcard {
            STAR => next[index] = true,
            DOS_STAR => next[index] |= unit != DOT || more_dots,
            QUESTION => next[index + 1] = true,
            DOS_QUESTION => next[index + 1] |= unit != DOT,
            DOS_DOT => next[index + 1] |= unit == DOT,
            other => next[index + 1] |= upper(other) == upper(unit),
        }
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_volume::wide;

    #[test]
    fn wildcards_match_what_windows_says_they_do() {
        let rows = [
            ("*", "anything.txt", true),
            ("*", "", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*.TXT", "a.b.txt", true),
            ("*.txt", "atxt", false),
            ("hello.txt", "HELLO.TXT", true),
            ("hello.txt", "hello.tx", false),
            ("a*b*c*d", "axxbxxcxxd", true),
            ("a*b*c*d", "axxbxxc", false),
            // `*.*` and `*.` of a program.
            ("<\"*", "readme", true),
            ("<\"*", "a.b.c", true),
            ("<", "readme", true),
            ("<", "read.me", false),
            ("<.txt", "a.b.txt", true),
            // `???.t` of a program.
            (">>>\"t", "ab.t", true),
            (">>>\"t", "abcd.t", false),
            (">>>", "ab", true),
            ("", "", true),
            ("", "a", false),
            ("größe", "GRÖßE", true),
        ];
        for (expression, name, expected) in rows {
            assert_eq!(matches(&wide(expression), &wide(name)), expected, "{expression} of {name}");
        }
    }

    #[test]
    fn many_stars_take_no_longer() {
        let expression = wide(&"*a".repeat(127));
        assert!(!matches(&expression, &wide(&"a".repeat(126))));
        assert!(matches(&expression, &wide(&"a".repeat(255))));
        assert!(!matches(&wide(&"*".repeat(256)), &wide("a")));
    }
}
