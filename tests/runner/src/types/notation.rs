//! A short way to write kinds down, for tables.

use super::Kind;

/// `u8` to `u64` and `i8` to `i64`, `void`; `*X` a pointer, `N[]X` an array, `=X` a structure, `#X` an enumeration, `first:count:uN` bits.
///
/// # Panics
/// When `text` is none of these; it stands in the program.
pub fn kind(text: &str) -> Kind {
    let named = |name: &str| name.to_owned();
    match text.as_bytes().first() {
        Some(b'*') => return Kind::Pointer(Box::new(kind(&text[1..]))),
        Some(b'=') => return Kind::Structure(named(&text[1..])),
        Some(b'#') => return Kind::Enumeration(named(&text[1..])),
        _ => {}
    }
    if let Some((count, of)) = text.split_once("[]") {
        return Kind::Array(number(count), Box::new(kind(of)));
    }
    if let [first, count, word] = *text.split(':').collect::<Vec<_>>() {
        return Kind::Bits { first: number(first), count: number(count), bytes: number(&word[1..]) / 8 };
    }
    match text {
        "void" => Kind::Void,
        _ => Kind::Number { bytes: number(&text[1..]) / 8, signed: text.starts_with('i') },
    }
}

fn number(text: &str) -> u32 {
    text.parse().unwrap_or_else(|_| panic!("{text} is no number"))
}
