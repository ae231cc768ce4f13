//! Names on drive C:, checked before they reach the FAT image.

use std::path::Path;

use crate::error::{Error, Result};

/// Characters that a long file name cannot have.
const FORBIDDEN: &[char] = &['"', '*', '/', ':', '<', '>', '?', '\\', '|'];

/// The last component of a host path as a file name of drive C:.
///
/// # Errors
/// [`Error::BadInput`] when the path ends in no name or the name cannot stand on a FAT volume.
pub fn file_name(path: &Path) -> Result<String> {
    let bad = |problem: &str| Error::BadInput(format!("{}: {problem}", path.display()));
    let name = path.file_name().ok_or_else(|| bad("has no file name of its own"))?;
    let name = name.to_str().ok_or_else(|| bad("its name is not UTF-8"))?;
    match name_problem(name) {
        Some(problem) => Err(bad(&problem)),
        None => Ok(name.to_owned()),
    }
}

/// Why `name` cannot stand on a FAT volume, if it cannot.
fn name_problem(name: &str) -> Option<String> {
    if let Some(character) = name.chars().find(|c| FORBIDDEN.contains(c) || c.is_control()) {
        return Some(format!("Windows file names cannot contain {character:?}"));
    }
    if name.ends_with(['.', ' ']) {
        return Some("Windows file names cannot end in a dot or a space".to_owned());
    }
    (name.encode_utf16().count() > 255).then(|| "its name is longer than 255 characters".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_windows_cannot_have_are_refused() {
        for bad in ["a:b.exe", "what?.exe", "dot.", "space ", "tab\t.exe", "..", "/"] {
            assert!(file_name(Path::new(bad)).is_err(), "{bad:?}");
        }
        assert!(file_name(Path::new(&"x".repeat(256))).is_err());
    }

    #[test]
    fn ordinary_and_foreign_names_pass() {
        assert_eq!(file_name(Path::new("/some/where/hello.exe")).unwrap(), "hello.exe");
        assert_eq!(file_name(Path::new("größe + 2.exe")).unwrap(), "größe + 2.exe");
    }
}
