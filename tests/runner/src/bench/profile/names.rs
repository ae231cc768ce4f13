//! Names for addresses of code: the kernel's functions, those of the system's DLLs, and the programs'.

use std::fs;
use std::path::Path;

use kd::symbols::Symbols;
use object::read::elf::ElfFile32;
use object::read::pe::PeFile32;
use object::{Object, ObjectSection};

use crate::error::{Error, Result};
use crate::image_symbols;
use crate::paths::Tree;

/// Functions of all images that a row may run, by address.
#[derive(Debug, Default)]
pub struct Names {
    /// Address, image, function.
    functions: Vec<(u32, String, String)>,
    /// Where images begin and end.
    images: Vec<(u32, u32, String)>,
}

impl Names {
    /// Those of the kernel, of all DLLs at the addresses that they ask for, and of these programs of tests/bench.
    ///
    /// # Errors
    /// [`Error::Unbuilt`], [`Error::Host`], [`Error::Malformed`] for a kernel without names.
    pub fn read(tree: &Tree, programs: &[&str]) -> Result<Self> {
        let mut names = Self::default();
        let kernel = tree.kernel()?;
        let image = fs::read(&kernel).map_err(Error::file("reading", &kernel))?;
        names
            .add_kernel(&image)
            .ok_or_else(|| Error::Malformed { path: kernel, problem: "it has no names of functions".into() })?;
        let folder = tree.built("symbols", "userland")?;
        let mut paths: Vec<_> = fs::read_dir(&folder)
            .map_err(Error::file("reading", &folder))?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "dll"))
            .collect();
        paths.sort();
        for program in programs {
            paths.push(tree.built(&format!("bench/{program}.exe"), "guest")?);
        }
        for path in paths {
            let image = fs::read(&path).map_err(Error::file("reading", &path))?;
            names.add_image(&path, &image);
        }
        names.functions.sort();
        names.images.sort();
        Ok(names)
    }

    fn add_kernel(&mut self, image: &[u8]) -> Option<()> {
        let file = ElfFile32::<object::Endianness>::parse(image).ok()?;
        let section = file.section_by_name(".symbols")?.data().ok()?;
        let symbols = Symbols::new(section);
        self.functions.extend(symbols.iter().map(|(at, name)| (at, "kernel".to_owned(), name.to_owned())));
        self.images.push((symbols.iter().next()?.0, u32::MAX, "kernel".to_owned()));
        Some(())
    }

    /// A PE image; one that cannot be read has no names.
    fn add_image(&mut self, path: &Path, image: &[u8]) {
        let Ok(file) = PeFile32::parse(image) else { return };
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let Ok(base) = u32::try_from(file.relative_address_base()) else { return };
        let size = file.nt_headers().optional_header.size_of_image.get(object::LittleEndian);
        self.images.push((base, base.saturating_add(size), name.clone()));
        let Some(packed) = image_symbols::packed(image) else { return };
        let symbols = Symbols::new(&packed);
        self.functions.extend(symbols.iter().map(|(at, function)| (base + at, name.clone(), function.to_owned())));
    }

    /// Where the code of `program` is.
    #[must_use]
    pub fn range(&self, program: &str) -> Option<std::ops::Range<u32>> {
        self.images.iter().find(|(_, _, name)| name == program).map(|(start, end, _)| *start..*end)
    }

    /// The image and the function at `address`, and whether it begins there. Code without a name is its image's, or nobody's.
    #[must_use]
    pub fn of(&self, address: u32) -> (&str, &str, bool) {
        let image = self.images.iter().rev().find(|(start, end, _)| (*start..*end).contains(&address));
        let Some((first, _, image)) = image else { return ("?", "?", false) };
        let index = self.functions.partition_point(|(start, _, _)| *start <= address);
        // Of several names of one address the first.
        let start = index.checked_sub(1).map(|last| self.functions[last].0).filter(|start| start >= first);
        let found = start.map(|start| &self.functions[self.functions.partition_point(|(at, _, _)| *at < start)]);
        match found.filter(|(_, of, _)| of == image) {
            Some((start, _, function)) => (image, function, *start == address),
            None => (image, "?", false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_the_function_before_it_in_its_image() {
        let function = |at, image: &str, name: &str| (at, image.to_owned(), name.to_owned());
        let names = Names {
            functions: vec![
                function(0x40_1000, "p", "main"),
                function(0x40_1000, "p", "other"),
                function(0x40_1010, "p", "end"),
                function(0x8010_0000, "kernel", "fault"),
            ],
            images: vec![
                (0x40_0000, 0x40_2000, "p".into()),
                (0x50_0000, 0x50_1000, "q".into()),
                (0x8010_0000, u32::MAX, "kernel".into()),
            ],
        };
        assert_eq!(names.of(0x40_1000), ("p", "main", true));
        assert_eq!(names.of(0x40_1004), ("p", "main", false));
        assert_eq!(names.of(0x40_1010), ("p", "end", true));
        assert_eq!(names.of(0x40_0010), ("p", "?", false));
        assert_eq!(names.of(0x50_0010), ("q", "?", false));
        assert_eq!(names.of(0x60_0000), ("?", "?", false));
        assert_eq!(names.of(0x8010_0005), ("kernel", "fault", false));
        assert_eq!(names.range("q"), Some(0x50_0000..0x50_1000));
    }
}
