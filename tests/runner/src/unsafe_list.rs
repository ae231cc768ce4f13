//! The list of files allowed to say `unsafe`.
//!
//! Every Rust file of the tree is cut into tokens, so that comments, strings and names such as `unsafe_code` do
//! not count. A file outside the list that contains the keyword is an error, and so is a listed file that no
//! longer does: the list stays the truth.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};

use crate::error::{Error, Result};
use crate::paths::Tree;

/// The list, below the tree's root: one path a line, `#` begins a comment.
const LIST: &str = "tests/runner/unsafe-files.txt";
/// Folders without sources of ours.
const SKIPPED: &[&str] = &["target", "out", ".git"];

/// What differs between the list and the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Files that contain the keyword and are not listed.
    pub unlisted: Vec<String>,
    /// Listed files without the keyword, or without existence.
    pub stale: Vec<String>,
}

/// Compares the list with the tree.
///
/// # Errors
/// [`Error::Malformed`] for a source file that is not Rust, [`Error::Host`] for one that cannot be read.
pub fn compare(tree: &Tree) -> Result<Differences> {
    let list = tree.file(LIST);
    let text = fs::read_to_string(&list).map_err(Error::file("reading", &list))?;
    let listed = parse_list(&text);
    let mut found = BTreeSet::new();
    search(tree.root(), tree.root(), &mut found)?;
    Ok(Differences {
        unlisted: found.difference(&listed).cloned().collect(),
        stale: listed.difference(&found).cloned().collect(),
    })
}

/// Compares and reports; exit code 1 for any difference.
///
/// # Errors
/// As [`compare`].
pub fn run(tree: &Tree) -> Result<u8> {
    let differences = compare(tree)?;
    for path in &differences.unlisted {
        eprintln!("{path}: says `unsafe` and is not listed in {LIST}");
    }
    for path in &differences.stale {
        eprintln!("{path}: listed in {LIST}, but does not say `unsafe`");
    }
    Ok(u8::from(differences != Differences::default()))
}

fn parse_list(text: &str) -> BTreeSet<String> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn search(root: &Path, folder: &Path, found: &mut BTreeSet<String>) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(Error::file("reading", folder))? {
        let path = entry.map_err(Error::file("reading", folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !SKIPPED.contains(&name.as_str()) {
                search(root, &path, found)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") && file_says_unsafe(&path)? {
            let relative = path.strip_prefix(root).unwrap_or(&path);
            found.insert(relative.to_string_lossy().into_owned());
        }
    }
    Ok(())
}

fn file_says_unsafe(path: &Path) -> Result<bool> {
    let source = fs::read_to_string(path).map_err(Error::file("reading", path))?;
    says_unsafe(&source).map_err(|problem| Error::Malformed { path: path.to_owned(), problem })
}

/// Whether Rust source text contains the keyword.
fn says_unsafe(source: &str) -> Result<bool, String> {
    if !source.contains("unsafe") {
        return Ok(false);
    }
    let tokens: TokenStream = source.parse().map_err(|error| format!("not Rust: {error}"))?;
    Ok(contains_keyword(tokens))
}

fn contains_keyword(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == "unsafe",
        TokenTree::Group(group) => contains_keyword(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_keyword_counts() {
        for source in [
            "// unsafe\nfn f() {}",
            "/// unsafe\nfn f() {}",
            "#![forbid(unsafe_code)]",
            "const X: &str = \"unsafe\";",
            "const X: &str = r#\"unsafe { }\"#; fn r#unsafe() {}",
        ] {
            assert_eq!(says_unsafe(source), Ok(false), "{source}");
        }
        for source in [
            "fn f() { unsafe { g() } }",
            "#[unsafe(no_mangle)] fn f() {}",
            "unsafe impl Send for X {}",
            "macro_rules! m { () => { unsafe { } } }",
        ] {
            assert_eq!(says_unsafe(source), Ok(true), "{source}");
        }
    }

    #[test]
    fn the_list_may_carry_comments() {
        let list = parse_list("# heading\nkernel/hal/src/port.rs  # ports\n\n");
        assert_eq!(list.into_iter().collect::<Vec<_>>(), ["kernel/hal/src/port.rs"]);
    }
}
