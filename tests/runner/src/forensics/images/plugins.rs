//! What Volatility 3 makes of an image: every row against the truth, and whether what is to be found is among them.

use serde_json::json;

use super::Image;
use super::unlink::NAME;
use crate::dump;
use crate::error::Result;
use crate::forensics::PLUGINS;
use crate::forensics::Volatility;
use crate::forensics::compare::{Expected, compare};

/// The list of processes, which does not have one that was unlinked.
const LIST: &str = "pslist";

/// Runs `plugin`.
///
/// # Errors
/// What the tool says.
pub(super) fn ask(image: &Image, volatility: &Volatility, plugin: &str) -> Result<std::result::Result<(), String>> {
    let study = &image.study;
    let rows = volatility.run(&study.folder, dump::RAM, &format!("windows.{plugin}"), &[])?;
    let Some((_, expecting)) = PLUGINS.iter().find(|(name, _)| *name == plugin) else {
        return Ok(Err(format!("{plugin} is no plugin that is compared")));
    };
    let mut expected = expecting(&study.scene);
    let victim = victim(image);
    let is_victim = |expected: &Expected| expected.key.first().is_some_and(|(_, pid)| *pid == json!(victim));
    let found = expected.iter().filter(|row| is_victim(row)).count();
    if found == 0 {
        return Ok(Err(format!("the truth has no row of {plugin} for process {victim}")));
    }
    // This alone the truth, which was told before, cannot know.
    if plugin == LIST {
        expected.retain(|row| !is_victim(row));
    }
    let verdict = compare(&expected, rows);
    let hidden: usize = verdict.invisible.values().sum();
    if verdict.differing.is_empty() && hidden == 0 && verdict.agreeing == expected.len() {
        return Ok(Ok(()));
    }
    Ok(Err(format!("{} rows agree, {hidden} are invisible, and\n{}", verdict.agreeing, verdict.differing.join("\n"))))
}

/// The process that the scenario is about.
fn victim(image: &Image) -> u64 {
    let processes = &image.study.truth().processes;
    let victim = processes.iter().find(|process| process.row.text("name") == NAME);
    victim.map_or(0, |victim| victim.row.number("pid"))
}
