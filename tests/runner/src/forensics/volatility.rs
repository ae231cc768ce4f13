//! Volatility 3, unmodified from PyPI, in an environment of its own below `out/`; and running it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value};

use crate::dump;
use crate::error::{Error, Result};
use crate::paths::Tree;
use crate::process::{require, run_tool};

/// The version that the comparison was written for.
pub const VERSION: &str = "2.28.2";
/// Where it is, below `out/`.
const FOLDER: &str = "volatility";
/// What it keeps between runs on a dump. It notes there where the symbols of a kernel are, and other dumps of the same kernel have their own.
const CACHE: &str = "cache";
const PYTHON: &str = "python3";

/// It.
#[derive(Clone, Debug)]
pub struct Volatility {
    program: PathBuf,
}

impl Volatility {
    /// The tool, installed where it is not, which is said.
    ///
    /// # Errors
    /// What Python's tools say.
    pub fn ready(tree: &Tree) -> Result<Self> {
        let folder = tree.out(FOLDER);
        let program = folder.join("bin/vol");
        if !program.is_file() || installed_version(&folder).as_deref() != Some(VERSION) {
            eprintln!("vadose: installing volatility3 {VERSION} from PyPI into {}", folder.display());
            require(PYTHON, "python3-venv")?;
            run_tool(Command::new(PYTHON).args(["-m", "venv"]).arg(&folder))?;
            let package = format!("volatility3=={VERSION}");
            run_tool(Command::new(folder.join("bin/pip")).args([
                "-q",
                "--disable-pip-version-check",
                "install",
                &package,
            ]))?;
        }
        Ok(Self { program })
    }

    /// The rows of `plugin` with `arguments` on `memory` of the dump in `folder`, by columns; rows below others follow them. Nothing is configured: it finds
    /// the kernel, its symbols and the address spaces by itself.
    ///
    /// # Errors
    /// [`Error::Tool`] when it fails.
    pub fn run(
        &self,
        folder: &Path,
        memory: &str,
        plugin: &str,
        arguments: &[&str],
    ) -> Result<Vec<Map<String, Value>>> {
        let mut command = Command::new(&self.program);
        let cache = folder.join(CACHE);
        fs::create_dir_all(&cache).map_err(Error::file("making", &cache))?;
        command.args(["--offline", "-q", "-r", "jsonl", "--cache-path"]).arg(&cache);
        command.arg("-s").arg(folder.join(dump::SYMBOLS));
        if let Ok(paging_file) = folder.join(dump::PAGING_FILE).canonicalize() {
            command.arg("--single-swap-locations").arg(format!("file://{}", paging_file.display()));
        }
        // What a plugin writes beside its rows.
        command.arg("-o").arg(folder);
        command.arg("-f").arg(folder.join(memory)).arg(plugin).args(arguments);
        let printed = String::from_utf8_lossy(&run_tool(&mut command)?).into_owned();
        let mut rows = Vec::new();
        for line in printed.lines().filter(|line| line.starts_with('{')) {
            let row = serde_json::from_str(line)
                .map_err(|error| Error::Tool { program: plugin.to_owned(), problem: format!("{error} in {line}") })?;
            flatten(row, &mut rows);
        }
        Ok(rows)
    }
}

fn installed_version(folder: &Path) -> Option<String> {
    let libraries = fs::read_dir(folder.join("lib")).ok()?.flatten();
    let packages =
        libraries.filter_map(|library| fs::read_dir(library.path().join("site-packages")).ok()).flatten().flatten();
    packages
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            Some(name.strip_prefix("volatility3-")?.strip_suffix(".dist-info")?.to_owned())
        })
        .next()
}

/// A row, and those below it.
fn flatten(row: Value, rows: &mut Vec<Map<String, Value>>) {
    let Value::Object(mut row) = row else { return };
    let below = row.remove("__children");
    rows.push(row);
    if let Some(Value::Array(below)) = below {
        below.into_iter().for_each(|row| flatten(row, rows));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_below_others_follow_them() {
        let mut rows = Vec::new();
        flatten(json!({ "PID": 4, "__children": [{ "PID": 8, "__children": [] }] }), &mut rows);
        let pids: Vec<_> = rows.iter().map(|row| row["PID"].clone()).collect();
        assert_eq!(pids, [4, 8]);
        assert!(!rows[0].contains_key("__children"));
    }
}
