//! The disc image: GRUB, the kernel and its modules, for a CD, a USB stick or an emulator.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::error::{Error, Result};
use crate::image_symbols;
use crate::paths::Tree;
use crate::plan::{self, Handles, Job};
use crate::process;
use crate::volume::Volume;
use crate::{command_line, machine::names};

/// Where Debian's grub-pc-bin puts the modules for PCs with a BIOS.
const GRUB_MODULES: &str = "/usr/lib/grub/i386-pc";
/// The program that a disc runs when nothing else was asked for.
pub const SHELL: &str = "cmd.exe";

/// The mark in GRUB's configuration for the kernel's command line.
const COMMAND_LINE: &str = "@COMMAND_LINE@";
/// The mark for the modules.
const MODULES: &str = "@MODULES@";

/// Options of `iso`.
#[derive(Args, Clone, Debug)]
pub struct IsoOptions {
    /// Where to write the image (without it: out/vadose.iso)
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Words added to the kernel's command line
    #[arg(long, value_name = "WORDS", default_value = "", hide_default_value = true)]
    pub cmdline: String,
}

/// Builds the image that a real PC can start from.
///
/// # Errors
/// [`Error::Unbuilt`] or what the tools say.
pub fn build_release(tree: &Tree, options: &IsoOptions) -> Result<PathBuf> {
    let output = options.output.clone().unwrap_or_else(|| tree.out("vadose.iso"));
    let words = format!("console=com1 poweroff=halt {}", options.cmdline);
    build_demonstration(tree, words.trim_end(), &output)?;
    Ok(output)
}

/// The system, the sample programs and a plan that runs the shell on the console.
#[derive(Clone, Debug)]
pub struct Demonstration {
    volume: Volume,
    plan: Vec<u8>,
}

/// Gathers the demonstration.
///
/// # Errors
/// [`Error::Unbuilt`].
pub fn demonstration(tree: &Tree) -> Result<Demonstration> {
    let mut volume = tree.system_volume()?;
    image_symbols::add(tree, &mut volume, &[])?;
    tree.built(&format!("system32/{SHELL}"), "userland")?;
    tree.built("samples/hello.exe", "guest")?;
    volume.add_folder("samples", &tree.out("samples"))?;
    let image = format!("C:\\WINDOWS\\system32\\{SHELL}");
    let job = Job {
        label: "shell".into(),
        command_line: command_line::join(&image, &[]),
        image,
        handles: Handles::Console,
        ..Job::default()
    };
    Ok(Demonstration { volume, plan: plan::encode(&[job])? })
}

impl Demonstration {
    /// What is on C:.
    #[must_use]
    pub fn volume(&self) -> &Volume {
        &self.volume
    }

    /// Writes both modules into `folder` under their names.
    ///
    /// # Errors
    /// [`Error::Host`].
    pub fn write(&self, folder: &Path) -> Result<()> {
        self.volume.write(&folder.join(names::VOLUME))?;
        let plan = folder.join(names::PLAN);
        fs::write(&plan, &self.plan).map_err(Error::file("writing", &plan))
    }
}

/// Builds a disc with the demonstration.
///
/// # Errors
/// [`Error::Unbuilt`] or what the tools say.
pub fn build_demonstration(tree: &Tree, words: &str, output: &Path) -> Result<()> {
    let folder = process::scratch_folder()?;
    demonstration(tree)?.write(folder.path())?;
    let modules = [names::VOLUME, names::PLAN].map(|name| (name, folder.path().join(name)));
    build(tree, &tree.kernel()?, &modules, words, output)
}

/// Builds a disc image of a kernel, its modules and its command line.
///
/// # Errors
/// [`Error::Tool`] when GRUB's tools are missing or fail.
pub fn build(tree: &Tree, kernel: &Path, modules: &[(&str, PathBuf)], words: &str, output: &Path) -> Result<()> {
    require_tools()?;
    let stage = process::scratch_folder()?;
    let grub = stage.path().join("boot/grub");
    fs::create_dir_all(&grub).map_err(Error::file("creating", &grub))?;
    let copy = |from: &Path, name: &str| {
        fs::copy(from, stage.path().join("boot").join(name)).map_err(Error::file("copying", from))
    };
    copy(kernel, names::KERNEL)?;
    for (name, path) in modules {
        copy(path, name)?;
    }
    let module_names: Vec<&str> = modules.iter().map(|(name, _)| *name).collect();
    write_configuration(tree, words, &module_names, &grub.join("grub.cfg"))?;
    if let Some(parent) = output.parent() {
        fs::create_dir_all(parent).map_err(Error::file("creating", parent))?;
    }
    let mut tool = Command::new("grub-mkrescue");
    tool.args(["-d", GRUB_MODULES, "-o"]).arg(output).arg(stage.path());
    process::run_tool(&mut tool).map(drop)
}

fn require_tools() -> Result<()> {
    for (program, package) in [("grub-mkrescue", "grub-common"), ("xorriso", "xorriso"), ("mformat", "mtools")] {
        process::require(program, package)?;
    }
    if !Path::new(GRUB_MODULES).exists() {
        return Err(Error::Tool {
            program: "grub-mkrescue".into(),
            problem: "has no modules for PCs (Debian package grub-pc-bin)".into(),
        });
    }
    Ok(())
}

fn write_configuration(tree: &Tree, words: &str, modules: &[&str], path: &Path) -> Result<()> {
    let template = tree.file("boot/grub.cfg");
    let text = fs::read_to_string(&template).map_err(Error::file("reading", &template))?;
    if !text.contains(COMMAND_LINE) || !text.contains(MODULES) {
        let problem = format!("it lacks {COMMAND_LINE} or {MODULES}");
        return Err(Error::Malformed { path: template, problem });
    }
    fs::write(path, configure(&text, words, modules)?).map_err(Error::file("writing", path))
}

/// Fills in GRUB's configuration: the command line, and the modules' mark, which stands alone on its line.
fn configure(template: &str, words: &str, modules: &[&str]) -> Result<String> {
    let words: Vec<String> = words.split_whitespace().map(quote_for_grub).collect::<Result<_>>()?;
    let modules: Vec<String> = modules.iter().map(|name| format!("    module2 /boot/{name} {name}")).collect();
    let filled = template.replace(COMMAND_LINE, &words.join(" "));
    let lines = filled.lines().map(|line| match line.trim() {
        MODULES => modules.join("\n"),
        _ => line.to_owned(),
    });
    Ok(lines.collect::<Vec<String>>().join("\n") + "\n")
}

/// One word as GRUB's script language needs it. It hands quotes and backslashes on escaped, so they are refused.
fn quote_for_grub(word: &str) -> Result<String> {
    if word.contains(['\'', '"', '\\']) {
        let problem = "cannot go through GRUB: it contains a quote or a backslash";
        return Err(Error::BadInput(format!("the kernel option {word} {problem}")));
    }
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "=,.:_-+/".contains(c));
    Ok(if plain { word.to_owned() } else { format!("'{word}'") })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "menuentry Vadose {\n  multiboot2 /boot/kernel @COMMAND_LINE@\n  @MODULES@\n}\n";

    #[test]
    fn the_template_is_filled_in() {
        let text = configure(TEMPLATE, "console=com1  x=$y", &["volume", "plan"]).unwrap();
        assert_eq!(
            text,
            "menuentry Vadose {\n  multiboot2 /boot/kernel console=com1 'x=$y'\n    module2 /boot/volume volume\n    \
             module2 /boot/plan plan\n}\n"
        );
    }

    #[test]
    fn what_grub_would_change_is_refused() {
        for words in ["run=C:\\x.exe", "say=\"x\"", "it's"] {
            assert!(configure(TEMPLATE, words, &[]).is_err(), "{words}");
        }
    }
}
