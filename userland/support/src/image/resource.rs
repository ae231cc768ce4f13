//! Resources: a tree of three levels (type, name, language) whose leaves say where the bytes lie.
//!
//! Source: Microsoft's PE specification, "The .rsrc Section"; which language is taken where none is asked for, from the
//! documentation of FindResource.

use alloc::vec::Vec;

use super::{Directory, Image, Malformed, Table};
use crate::memory::Memory;
use crate::text::lower;

/// Bytes of a directory before its entries.
const DIRECTORY_SIZE: u32 = 16;
const ENTRY_SIZE: u32 = 8;
/// Bytes of a leaf: offset of the bytes from the image's base, their number, code page, zero.
const LEAF_SIZE: u32 = 16;
/// In an entry: the name is a text; what it leads to is a directory.
const FLAG: u32 = 0x8000_0000;
/// The languages that are tried in turn: neutral, the user's (English, United States), and English.
const LANGUAGES: [u16; 3] = [0, 0x409, 0x9];

/// What a type or a resource is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceName {
    /// A number.
    Number(u16),
    /// A text; capitals are not told apart.
    Text(Vec<u16>),
}

impl ResourceName {
    /// The name `text` means: `#` and digits are a number.
    pub fn of(text: &[u16]) -> Self {
        match text.split_first() {
            Some((&first, digits)) if first == u16::from(b'#') => Self::Number(number(digits)),
            _ => Self::Text(text.to_vec()),
        }
    }
}

fn number(digits: &[u16]) -> u16 {
    let digits = digits.iter().map_while(|&unit| char::from_u32(unit.into())?.to_digit(10));
    digits.fold(0, |value: u16, digit| value.wrapping_mul(10).wrapping_add(digit as u16))
}

/// Why there is no such resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoResource {
    /// The image has no resources.
    Data,
    /// None of this type.
    Type,
    /// None of this name.
    Name,
    /// None in this language.
    Language,
    /// The tree leaves the image.
    Malformed,
}

impl From<Malformed> for NoResource {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// One entry of a directory.
#[derive(Clone, Copy, Debug)]
struct Entry {
    name: u32,
    target: u32,
}

/// What has resources: an image that is mapped as such, or a file.
pub trait Placed {
    /// Where the tree is, relative to the image's base.
    fn resources<M: Memory>(&self, memory: &M) -> Directory;

    /// The address of `size` bytes that would lie at `rva`.
    ///
    /// # Errors
    /// [`Malformed`] where there are none.
    fn place(&self, rva: u32, size: u32) -> Result<u32, Malformed>;
}

impl Placed for Image {
    fn resources<M: Memory>(&self, memory: &M) -> Directory {
        self.directory(memory, Table::Resource)
    }

    fn place(&self, rva: u32, size: u32) -> Result<u32, Malformed> {
        self.address(rva, size)
    }
}

/// The resources of an image.
pub struct Resources<'image, M, I = Image> {
    memory: &'image M,
    image: &'image I,
    root: u32,
}

impl<'image, M: Memory, I: Placed> Resources<'image, M, I> {
    /// The tree of `image`.
    ///
    /// # Errors
    /// [`NoResource::Data`] where there is none.
    pub fn open(memory: &'image M, image: &'image I) -> Result<Self, NoResource> {
        let directory = image.resources(memory);
        if directory.rva == 0 || directory.size == 0 {
            return Err(NoResource::Data);
        }
        Ok(Self { memory, image, root: directory.rva })
    }

    /// Address of the leaf of a resource, in `language` if one is asked for.
    ///
    /// # Errors
    /// [`NoResource`].
    #[doc(alias = "LdrFindResource_U")]
    pub fn find(&self, kind: &ResourceName, name: &ResourceName, language: Option<u16>) -> Result<u32, NoResource> {
        let names = self.below(self.root, kind)?.ok_or(NoResource::Type)?;
        let languages = self.below(names, name)?.ok_or(NoResource::Name)?;
        let exact = |language: u16| self.leaf(languages, language);
        if let Some(language) = language.filter(|language| *language != 0) {
            return exact(language)?.ok_or(NoResource::Language);
        }
        for language in LANGUAGES {
            if let Some(leaf) = exact(language)? {
                return Ok(leaf);
            }
        }
        let any = self.entries(languages)?.into_iter().find(|entry| entry.target & FLAG == 0);
        any.map_or(Err(NoResource::Language), |entry| self.leaf_at(entry.target))
    }

    /// The types there are.
    ///
    /// # Errors
    /// [`NoResource::Malformed`].
    pub fn types(&self) -> Result<Vec<ResourceName>, NoResource> {
        self.names_in(self.root)
    }

    /// The resources of a type.
    ///
    /// # Errors
    /// [`NoResource`].
    pub fn names(&self, kind: &ResourceName) -> Result<Vec<ResourceName>, NoResource> {
        self.names_in(self.below(self.root, kind)?.ok_or(NoResource::Type)?)
    }

    /// The languages of a resource.
    ///
    /// # Errors
    /// [`NoResource`].
    pub fn languages(&self, kind: &ResourceName, name: &ResourceName) -> Result<Vec<u16>, NoResource> {
        let names = self.below(self.root, kind)?.ok_or(NoResource::Type)?;
        let languages = self.below(names, name)?.ok_or(NoResource::Name)?;
        Ok(self.entries(languages)?.into_iter().map(|entry| entry.name as u16).collect())
    }

    fn names_in(&self, directory: u32) -> Result<Vec<ResourceName>, NoResource> {
        self.entries(directory)?.into_iter().map(|entry| self.name_of(entry)).collect()
    }

    fn half(&self, rva: u32) -> Result<u16, Malformed> {
        Ok(self.memory.read_u16(self.image.place(rva, 2)?))
    }

    fn word(&self, rva: u32) -> Result<u32, Malformed> {
        Ok(self.memory.read_u32(self.image.place(rva, 4)?))
    }

    /// The entries of the directory at `rva`.
    fn entries(&self, rva: u32) -> Result<Vec<Entry>, NoResource> {
        self.image.place(rva, DIRECTORY_SIZE)?;
        let count = |at: u32| Ok::<_, NoResource>(u32::from(self.half(rva + at)?));
        let count = count(12)? + count(14)?;
        self.image.place(rva + DIRECTORY_SIZE, count * ENTRY_SIZE)?;
        let entry = |index: u32| {
            let at = rva + DIRECTORY_SIZE + index * ENTRY_SIZE;
            Ok(Entry { name: self.word(at)?, target: self.word(at + 4)? })
        };
        (0..count).map(entry).collect()
    }

    /// The directory below the one at `rva` that is called `name`.
    fn below(&self, rva: u32, name: &ResourceName) -> Result<Option<u32>, NoResource> {
        for entry in self.entries(rva)?.into_iter().filter(|entry| entry.target & FLAG != 0) {
            if self.is_called(entry, name)? {
                return Ok(Some(self.place(entry.target)?));
            }
        }
        Ok(None)
    }

    fn leaf(&self, languages: u32, language: u16) -> Result<Option<u32>, NoResource> {
        let leaf = |entry: &Entry| entry.target & FLAG == 0 && entry.name == u32::from(language);
        let found = self.entries(languages)?.into_iter().find(leaf);
        found.map(|entry| self.leaf_at(entry.target)).transpose()
    }

    fn leaf_at(&self, target: u32) -> Result<u32, NoResource> {
        Ok(self.image.place(self.place(target)?, LEAF_SIZE)?)
    }

    /// Where an offset from the root leads to.
    fn place(&self, offset: u32) -> Result<u32, NoResource> {
        self.root.checked_add(offset & !FLAG).ok_or(NoResource::Malformed)
    }

    fn is_called(&self, entry: Entry, name: &ResourceName) -> Result<bool, NoResource> {
        match (self.name_of(entry)?, name) {
            (ResourceName::Number(own), ResourceName::Number(wanted)) => Ok(own == *wanted),
            (ResourceName::Text(own), ResourceName::Text(wanted)) => {
                Ok(own.len() == wanted.len() && own.iter().zip(wanted).all(|(&one, &other)| lower(one) == lower(other)))
            }
            _ => Ok(false),
        }
    }

    fn name_of(&self, entry: Entry) -> Result<ResourceName, NoResource> {
        if entry.name & FLAG == 0 {
            return Ok(ResourceName::Number(entry.name as u16));
        }
        let at = self.place(entry.name)?;
        let length = u32::from(self.half(at)?);
        let first = at.checked_add(2).ok_or(NoResource::Malformed)?;
        self.image.place(first, 2 * length)?;
        let unit = |index: u32| Ok(self.half(first + 2 * index)?);
        (0..length).map(unit).collect::<Result<_, NoResource>>().map(ResourceName::Text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::build::Builder;
    use super::*;
    use crate::memory::fake::Bytes;
    use crate::text::wide;

    const BASE: u32 = 0x40_0000;
    const ROOT: u32 = 0x2000;

    /// Type "ICON" with one resource, type 6 with resources 1 (neutral and English) and "Two" (German).
    const TREE: [u32; 64] = {
        let mut words = [0; 64];
        // Root: one named entry, one number.
        (words[3], words[4], words[5]) = (0x0001_0001, FLAG | 0xD0, FLAG | 0x20);
        (words[6], words[7]) = (6, FLAG | 0x38);
        // 20h: the names of "ICON": 9.
        (words[11], words[12], words[13]) = (0x0001_0000, 9, FLAG | 0x60);
        // 38h: the names of 6: "Two" and 1.
        (words[17], words[18], words[19]) = (0x0001_0001, FLAG | 0xDC, FLAG | 0x60);
        (words[20], words[21]) = (1, FLAG | 0x78);
        // 60h: one language, German.
        (words[27], words[28], words[29]) = (0x0001_0000, 0x407, 0xA0);
        // 78h: two languages, English and neutral.
        (words[33], words[34], words[35]) = (0x0002_0000, 0, 0xB0);
        (words[36], words[37]) = (0x409, 0xC0);
        // Leaves at A0h, B0h, C0h.
        (words[40], words[41]) = (0x2800, 5);
        (words[44], words[45]) = (0x2810, 6);
        (words[48], words[49]) = (0x2820, 7);
        // D0h "ICON", DCh "Two".
        (words[52], words[53], words[54]) = (0x0049_0004, 0x004F_0043, 0x0000_004E);
        (words[55], words[56]) = (0x0054_0003, 0x006F_0077);
        words
    };

    fn with<T>(words: &[u32], act: impl FnOnce(&Resources<'_, Bytes>) -> T) -> T {
        let builder = Builder::new(BASE, 0x3000).words(ROOT, words).directory(2, ROOT, 0x100);
        let memory = Bytes::new(BASE, builder.finish());
        let image = Image::open(&memory, BASE, 0x3000).unwrap();
        act(&Resources::open(&memory, &image).unwrap())
    }

    fn text(name: &str) -> ResourceName {
        ResourceName::of(&wide(name.as_bytes()))
    }

    #[test]
    fn a_resource_is_found_by_type_name_and_language() {
        with(&TREE, |resources| {
            let leaf = |offset: u32| Ok(BASE + ROOT + offset);
            assert_eq!(resources.find(&text("#6"), &text("#1"), None), leaf(0xB0), "neutral comes first");
            assert_eq!(resources.find(&text("#6"), &text("#1"), Some(0x409)), leaf(0xC0));
            assert_eq!(
                resources.find(&text("#6"), &text("tWO"), None),
                leaf(0xA0),
                "any, where the usual ones are not"
            );
            assert_eq!(resources.find(&text("icon"), &text("#9"), Some(0x407)), leaf(0xA0));
            assert_eq!(resources.find(&text("#7"), &text("#1"), None), Err(NoResource::Type));
            assert_eq!(resources.find(&text("ICONS"), &text("#9"), None), Err(NoResource::Type));
            assert_eq!(resources.find(&text("#6"), &text("#2"), None), Err(NoResource::Name));
            assert_eq!(resources.find(&text("#6"), &text("#1"), Some(0x407)), Err(NoResource::Language));
        });
    }

    #[test]
    fn types_names_and_languages_are_listed() {
        with(&TREE, |resources| {
            assert_eq!(resources.types(), Ok([text("ICON"), text("#6")].to_vec()));
            assert_eq!(resources.names(&text("#6")), Ok([text("Two"), text("#1")].to_vec()));
            assert_eq!(resources.languages(&text("#6"), &text("#1")), Ok([0, 0x409].to_vec()));
            assert_eq!(resources.names(&text("#5")), Err(NoResource::Type));
        });
    }

    #[test]
    fn a_tree_that_leaves_the_image_is_refused() {
        for (index, word) in
            [(3, 0xFFFF_FFFF), (4, 0xFFFF_FFF0), (7, FLAG | 0x7FFF_FFFF), (7, FLAG | 0xFF8), (52, 0x0049_FFFF)]
        {
            let mut words = TREE;
            words[index] = word;
            let found = with(&words, |resources| resources.find(&text("#6"), &text("#1"), None));
            assert_eq!(found, Err(NoResource::Malformed), "{index}: {word:x}");
        }
        // A directory that is its own child ends at the third level.
        let mut words = TREE;
        words[7] = FLAG;
        let found = with(&words, |resources| resources.find(&text("#6"), &text("#6"), None));
        assert_eq!(found, Err(NoResource::Language));
        let memory = Bytes::new(BASE, Builder::new(BASE, 0x3000).finish());
        let image = Image::open(&memory, BASE, 0x3000).unwrap();
        assert_eq!(Resources::open(&memory, &image).err(), Some(NoResource::Data));
    }
}
