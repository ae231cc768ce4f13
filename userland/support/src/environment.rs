//! The environment block: `NAME=value` strings of UTF-16, each ended by a zero, the last followed by another.

use alloc::vec::Vec;

use crate::text::equal_ignoring_case;

/// The name and value of one string of the block. A leading `=` belongs to the name (`=C:=C:\work`).
pub fn split(entry: &[u16]) -> Option<(&[u16], &[u16])> {
    let at = entry.iter().skip(1).position(|&unit| unit == u16::from(b'='))? + 1;
    Some((&entry[..at], &entry[at + 1..]))
}

/// The strings of `block`, without their zeros.
pub fn entries(block: &[u16]) -> impl Iterator<Item = &[u16]> {
    block.split(|&unit| unit == 0).take_while(|entry| !entry.is_empty())
}

/// The value of variable `name` in `block`; case does not matter.
pub fn value<'block>(block: &'block [u16], name: &[u16]) -> Option<&'block [u16]> {
    entries(block).filter_map(split).find(|(entry, _)| equal_ignoring_case(entry, name)).map(|(_, value)| value)
}

/// A copy of `block` with `name` set to `value`, or removed without one. The block stays sorted where it was: an
/// existing variable keeps its place, a new one comes last.
pub fn with(block: &[u16], name: &[u16], value: Option<&[u16]>) -> Vec<u16> {
    let mut result = Vec::with_capacity(block.len() + name.len() + 2);
    let mut pending = value;
    for entry in entries(block) {
        if split(entry).is_some_and(|(other, _)| equal_ignoring_case(other, name)) {
            push(&mut result, name, pending.take());
        } else {
            result.extend_from_slice(entry);
            result.push(0);
        }
    }
    push(&mut result, name, pending);
    result.push(0);
    if result.len() == 1 {
        result.push(0); // an empty block still ends in two zeros
    }
    result
}

/// `text` with each `%NAME%` replaced by the variable's value; what names no variable stays as it is.
#[doc(alias = "RtlExpandEnvironmentStrings_U")]
pub fn expand(block: &[u16], text: &[u16]) -> Vec<u16> {
    const PERCENT: u16 = b'%' as u16;
    let mut result = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.iter().position(|&unit| unit == PERCENT) {
        result.extend_from_slice(&rest[..start]);
        rest = &rest[start..];
        let end = rest[1..].iter().position(|&unit| unit == PERCENT).map(|at| at + 1);
        match end.and_then(|end| value(block, &rest[1..end]).map(|value| (end, value))) {
            Some((end, value)) => {
                result.extend_from_slice(value);
                rest = &rest[end + 1..];
            }
            None => {
                result.push(PERCENT);
                rest = &rest[1..];
            }
        }
    }
    result.extend_from_slice(rest);
    result
}

fn push(block: &mut Vec<u16>, name: &[u16], value: Option<&[u16]>) {
    if let Some(value) = value {
        block.extend_from_slice(name);
        block.push(u16::from(b'='));
        block.extend_from_slice(value);
        block.push(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::wide;

    #[test]
    fn variables_are_found_without_case_and_hidden_ones_too() {
        let block = wide(b"=C:=C:\\work\0Path=C:\\WINDOWS\0EMPTY=\0\0");
        assert_eq!(value(&block, &wide(b"PATH")), Some(&wide(b"C:\\WINDOWS")[..]));
        assert_eq!(value(&block, &wide(b"empty")), Some(&[][..]));
        assert_eq!(value(&block, &wide(b"=C:")), Some(&wide(b"C:\\work")[..]));
        assert_eq!(value(&block, &wide(b"Pat")), None);
    }

    #[test]
    fn names_between_percent_signs_become_values() {
        let block = wide(b"A=one\0Path=C:\\x\0\0");
        for (text, expected) in [
            ("%A%", "one"),
            ("<%path%;%a%>", "<C:\\x;one>"),
            ("100% of %A% %B%", "100% of one %B%"),
            ("%B%A%", "%Bone"),
            ("%%A%", "%one"),
            ("%", "%"),
            ("", ""),
        ] {
            assert_eq!(expand(&block, &wide(text.as_bytes())), wide(expected.as_bytes()), "{text}");
        }
    }

    #[test]
    fn setting_replaces_adds_and_removes() {
        let block = wide(b"A=1\0B=2\0\0");
        assert_eq!(with(&block, &wide(b"a"), Some(&wide(b"9"))), wide(b"a=9\0B=2\0\0"));
        assert_eq!(with(&block, &wide(b"C"), Some(&wide(b"3"))), wide(b"A=1\0B=2\0C=3\0\0"));
        assert_eq!(with(&block, &wide(b"A"), None), wide(b"B=2\0\0"));
        assert_eq!(with(&wide(b"A=1\0\0"), &wide(b"A"), None), wide(b"\0\0"));
    }
}
