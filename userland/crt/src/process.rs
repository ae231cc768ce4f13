//! Which program `_spawn` and its kin start, and with which command line.

use alloc::vec::Vec;

/// What is tried behind a name without an extension, in this order.
const EXTENSIONS: [&str; 2] = [".com", ".exe"];

fn is_separator(unit: u16) -> bool {
    unit == u16::from(b'\\') || unit == u16::from(b'/')
}

/// The words as one command line. Nothing is quoted: a word with spaces becomes several, as with the C library of Windows.
pub fn command_line(words: &[Vec<u16>]) -> Vec<u16> {
    words.join(&u16::from(b' '))
}

/// Strings as an environment block.
pub fn environment_block(strings: &[Vec<u16>]) -> Vec<u16> {
    let mut block: Vec<u16> = strings.iter().flat_map(|string| string.iter().copied().chain([0])).collect();
    if strings.is_empty() {
        block.push(0);
    }
    block.push(0);
    block
}

/// The names to try for a program called `name`, in their order; along `path` too, where it has no folder and that is wanted.
pub fn candidates(name: &[u16], path: Option<&[u16]>) -> Vec<Vec<u16>> {
    let has_folder = name.iter().any(|&unit| is_separator(unit) || unit == u16::from(b':'));
    let mut folders: Vec<&[u16]> = [&[][..]].to_vec();
    if let Some(path) = path.filter(|_| !has_folder) {
        folders.extend(path.split(|&unit| unit == u16::from(b';')).filter(|folder| !folder.is_empty()));
    }
    let file = name.rsplit(|&unit| is_separator(unit)).next().unwrap_or_default();
    let has_extension = file.contains(&u16::from(b'.'));
    let mut names = Vec::new();
    for folder in folders {
        let mut plain = folder.to_vec();
        if plain.last().is_some_and(|&last| !is_separator(last)) {
            plain.push(u16::from(b'\\'));
        }
        plain.extend_from_slice(name);
        if has_extension {
            names.push(plain);
        } else {
            names.extend(
                EXTENSIONS.iter().map(|extension| plain.iter().copied().chain(extension.encode_utf16()).collect()),
            );
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    fn wide(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    fn tried(name: &str, path: Option<&str>) -> Vec<String> {
        let path = path.map(wide);
        candidates(&wide(name), path.as_deref()).iter().map(|name| String::from_utf16(name).unwrap()).collect()
    }

    #[test]
    fn programs_are_looked_for_with_extensions_and_along_the_path() {
        assert_eq!(tried("a.exe", None), ["a.exe"]);
        assert_eq!(tried("a", None), ["a.com", "a.exe"]);
        assert_eq!(tried("a.exe", Some("C:\\x;;D:\\")), ["a.exe", "C:\\x\\a.exe", "D:\\a.exe"]);
        assert_eq!(tried(".\\a", Some("C:\\x")), [".\\a.com", ".\\a.exe"]);
        assert_eq!(tried("x.y/a", Some("C:\\x")), ["x.y/a.com", "x.y/a.exe"]);
    }

    #[test]
    fn words_and_variables_are_strung_together() {
        assert_eq!(command_line(&[wide("a"), wide("b c"), wide("")]), wide("a b c "));
        assert_eq!(command_line(&[]), wide(""));
        assert_eq!(environment_block(&[wide("A=1"), wide("B=")]), wide("A=1\0B=\0\0"));
        assert_eq!(environment_block(&[]), wide("\0\0"));
    }
}
