//! The export table: symbols by name and by ordinal, and forwarders to other DLLs.

use core::cell::Cell;
use core::cmp::Ordering;

use super::name_index::hash_of;
use super::{Image, Malformed, NameAt, NameIndex, Table};
use crate::memory::Memory;

/// How a symbol is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbol<'name> {
    /// By name, with the importer's guess at its place among the names.
    Name {
        /// The name, without its zero.
        name: &'name [u8],
        /// Index into the table of names, from the importer's linker.
        hint: u16,
    },
    /// By number.
    Ordinal(u32),
}

/// Where a symbol is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// At this address.
    Address(u32),
    /// In another DLL: the offset of its name, `dll.symbol` or `dll.#ordinal`.
    Forwarder(u32),
}

/// An image's export table.
#[derive(Clone, Debug)]
pub struct ExportTable {
    image: Image,
    rva: u32,
    size: u32,
    ordinal_base: u32,
    function_count: u32,
    functions: u32,
    name_count: u32,
    names: u32,
    ordinals: u32,
    index: Option<NameIndex>,
    /// Behind the name that was found last: a linker lists what a program imports in the order of the names.
    next: Cell<u32>,
}

impl ExportTable {
    /// The export table of `image`, or `None` if it exports nothing.
    ///
    /// # Errors
    /// [`Malformed`] if one of its arrays leaves the image.
    pub fn open<M: Memory>(memory: &M, image: &Image) -> Result<Option<Self>, Malformed> {
        let directory = image.directory(memory, Table::Export);
        if directory.rva == 0 || directory.size == 0 {
            return Ok(None);
        }
        let rva = directory.rva;
        let at = image.address(rva, 40)?;
        let mut table = Self {
            image: image.clone(),
            rva,
            size: directory.size,
            ordinal_base: memory.read_u32(at + 16),
            function_count: memory.read_u32(at + 20),
            name_count: memory.read_u32(at + 24),
            functions: memory.read_u32(at + 28),
            names: memory.read_u32(at + 32),
            ordinals: memory.read_u32(at + 36),
            index: None,
            next: Cell::new(0),
        };
        image.address(table.functions, table.function_count.checked_mul(4).ok_or(Malformed)?)?;
        image.address(table.names, table.name_count.checked_mul(4).ok_or(Malformed)?)?;
        image.address(table.ordinals, table.name_count.checked_mul(2).ok_or(Malformed)?)?;
        table.index = NameIndex::open(memory, image, table.name_count);
        Ok(Some(table))
    }

    /// The image whose table it is.
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// What the index knows of `name`. A name that it does not know may be exported all the same: [`Self::find`] tells.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn find_indexed<M: Memory>(&self, memory: &M, name: &NameAt) -> Result<Option<Export>, Malformed> {
        let is_it = |index: u32| name.is_at(memory, &self.image, self.name_at(memory, index));
        match self.index.as_ref().and_then(|index| index.find(memory, name.hash(), is_it)) {
            Some(index) => self.at(memory, self.ordinal_of(memory, index)),
            None => Ok(None),
        }
    }

    /// Looks `symbol` up; `None` if the image does not export it.
    ///
    /// # Errors
    /// [`Malformed`] if the table leads out of the image on the way.
    pub fn find<M: Memory>(&self, memory: &M, symbol: Symbol<'_>) -> Result<Option<Export>, Malformed> {
        let index = match symbol {
            Symbol::Ordinal(ordinal) => ordinal.checked_sub(self.ordinal_base),
            Symbol::Name { name, hint } => self.index_of(memory, name, u32::from(hint))?,
        };
        index.map_or(Ok(None), |index| self.at(memory, index))
    }

    /// The index into the functions for `name`: by the index of the names, or else by their table.
    fn index_of<M: Memory>(&self, memory: &M, name: &[u8], hint: u32) -> Result<Option<u32>, Malformed> {
        let is_it = |index: u32| {
            self.image.compare_name(memory, self.name_at(memory, index), name).is_ok_and(|order| order.is_eq())
        };
        match self.index.as_ref().and_then(|index| index.find(memory, hash_of(name), is_it)) {
            Some(index) => Ok(Some(self.ordinal_of(memory, index))),
            None => self.search_all(memory, name, hint),
        }
    }

    /// The hint first, which at least tells on which side of it the name is; then a binary search behind the last name, then before it.
    fn search_all<M: Memory>(&self, memory: &M, name: &[u8], hint: u32) -> Result<Option<u32>, Malformed> {
        let (mut from, mut to) = (0, self.name_count);
        let start = Start::of(name, &self.image);
        if hint < self.name_count {
            match start.compare(memory, &self.image, self.name_at(memory, hint), name)? {
                Ordering::Equal => return Ok(Some(self.ordinal_of(memory, hint))),
                Ordering::Less => from = hint + 1,
                Ordering::Greater => to = hint,
            }
        }
        let next = self.next.get();
        for (low, high) in [(next, to), (from, next)] {
            if let Some(index) = self.search(memory, name, &start, low.max(from), high.min(to))? {
                self.next.set(index + 1);
                return Ok(Some(self.ordinal_of(memory, index)));
            }
        }
        Ok(None)
    }

    /// Which of the names from `low` to before `high` is `name`.
    fn search<M: Memory>(
        &self,
        memory: &M,
        name: &[u8],
        start: &Start,
        mut low: u32,
        mut high: u32,
    ) -> Result<Option<u32>, Malformed> {
        while low < high {
            let middle = (low + high) / 2;
            let rva = self.name_at(memory, middle);
            let first = start.bytes_at(memory, &self.image, rva);
            if first < start.bytes {
                low = middle + 1;
            } else if first > start.bytes {
                high = middle;
            } else {
                match self.image.compare_name(memory, rva, name)? {
                    Ordering::Equal => return Ok(Some(middle)),
                    Ordering::Less => low = middle + 1,
                    Ordering::Greater => high = middle,
                }
            }
        }
        Ok(None)
    }

    /// Where the name `index` of the table is, which has so many.
    #[inline(always)]
    fn name_at<M: Memory>(&self, memory: &M, index: u32) -> u32 {
        memory.read_u32(self.image.base() + self.names + 4 * index)
    }

    /// The index into the functions of the name `index` of the table, which has so many.
    #[inline(always)]
    fn ordinal_of<M: Memory>(&self, memory: &M, index: u32) -> u32 {
        u32::from(memory.read_u16(self.image.base() + self.ordinals + 2 * index))
    }

    /// The function with number `index`, if there are so many.
    #[inline(always)]
    fn at<M: Memory>(&self, memory: &M, index: u32) -> Result<Option<Export>, Malformed> {
        if index >= self.function_count {
            return Ok(None);
        }
        match memory.read_u32(self.image.base() + self.functions + 4 * index) {
            0 => Ok(None),
            // A function inside the export table itself is the name of one elsewhere.
            rva if rva.wrapping_sub(self.rva) < self.size => Ok(Some(Export::Forwarder(rva))),
            rva => Ok(Some(Export::Address(self.image.symbol_address(rva)?))),
        }
    }
}

/// The first four bytes of a name, which decide most comparisons: none of them is a zero.
struct Start {
    /// As a number that is in the order of names.
    bytes: u32,
    /// Up to here the first four bytes of a name in the image are inside it.
    reachable: u32,
}

impl Start {
    /// Of a name that is shorter nothing is known: it is always compared as a whole.
    fn of(name: &[u8], image: &Image) -> Self {
        match name.first_chunk() {
            Some(start) => Self { bytes: u32::from_be_bytes(*start), reachable: image.limit.saturating_sub(3) },
            None => Self { bytes: 0, reachable: 0 },
        }
    }

    /// Those of the name at `rva`, or where they cannot be read as few as this one's.
    #[inline(always)]
    fn bytes_at<M: Memory>(&self, memory: &M, image: &Image, rva: u32) -> u32 {
        if rva < self.reachable { memory.read_u32(image.base.wrapping_add(rva)).swap_bytes() } else { self.bytes }
    }

    /// How the name at `rva` compares with `name`, which this is the start of.
    fn compare<M: Memory>(&self, memory: &M, image: &Image, rva: u32, name: &[u8]) -> Result<Ordering, Malformed> {
        match self.bytes_at(memory, image, rva).cmp(&self.bytes) {
            Ordering::Equal => image.compare_name(memory, rva, name),
            order => Ok(order),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::build::Builder;
    use super::*;
    use crate::memory::fake::Bytes;

    fn named(name: &str, hint: u16) -> Symbol<'_> {
        Symbol::Name { name: name.as_bytes(), hint }
    }

    fn table(builder: Builder) -> (Bytes, Result<Option<ExportTable>, Malformed>) {
        let memory = Bytes::new(0x1000_0000, builder.finish());
        let image = Image::open(&memory, 0x1000_0000, 0x3000).unwrap();
        let table = ExportTable::open(&memory, &image);
        (memory, table)
    }

    fn three() -> Builder {
        Builder::new(0x1000_0000, 0x3000).exports(
            0x2000,
            "t.dll",
            5,
            &[("Alpha", 0x1010), ("Beta", 0x2010), ("Gamma", 0x1030)],
        )
    }

    #[test]
    fn symbols_by_name_whatever_the_hint_and_by_ordinal() {
        let (memory, table) = table(three());
        let table = table.unwrap().unwrap();
        for hint in [0, 1, 2, 3, u16::MAX] {
            assert_eq!(table.find(&memory, named("Gamma", hint)), Ok(Some(Export::Address(0x1000_1030))));
        }
        assert_eq!(table.find(&memory, Symbol::Ordinal(5)), Ok(Some(Export::Address(0x1000_1010))));
        assert_eq!(table.find(&memory, named("Beta", 0)), Ok(Some(Export::Forwarder(0x2010))));
    }

    #[test]
    fn names_are_found_in_whatever_order_they_are_asked_for() {
        let (memory, table) = table(three());
        let table = table.unwrap().unwrap();
        let alpha = Ok(Some(Export::Address(0x1000_1010)));
        let gamma = Ok(Some(Export::Address(0x1000_1030)));
        for (name, expected) in
            [("Gamma", gamma), ("Alpha", alpha), ("Alpha", alpha), ("Zeta", Ok(None)), ("Gamma", gamma)]
        {
            assert_eq!(table.find(&memory, named(name, 9)), expected, "{name}");
        }
    }

    #[test]
    fn what_is_not_exported_is_not_found() {
        let (memory, table) = table(three());
        let table = table.unwrap().unwrap();
        for symbol in [named("Delta", 0), named("", 0), named("Alph", 0), Symbol::Ordinal(4), Symbol::Ordinal(8)] {
            assert_eq!(table.find(&memory, symbol), Ok(None), "{symbol:?}");
        }
    }

    #[test]
    fn tables_that_leave_the_image_are_refused() {
        for (field, value) in [(20, 0x4000_0000), (24, 0xFFFF_FFFF), (28, 0x2FFF), (32, 0xFFFF_FFF0), (36, 0x3000)] {
            let (_, table) = table(three().words(0x2000 + field, &[value]));
            assert_eq!(table.err(), Some(Malformed), "{field}");
        }
        let (memory, table) = table(three().words(0x2028, &[0x9000_0000]));
        let found = table.unwrap().unwrap().find(&memory, Symbol::Ordinal(5));
        assert_eq!(found, Err(Malformed), "a function outside the image");
    }

    #[test]
    fn an_image_without_table_exports_nothing() {
        let (_, table) = table(Builder::new(0x1000_0000, 0x3000));
        assert!(table.unwrap().is_none());
    }
}
