//! Listing directories. Where a listing is, and which names it wants, stays with the file object: its CCB.
//!
//! * **I3** `FsContext2` of a volume's file object is null or leads to its [`Ccb`], which goes with it.

use core::ops::ControlFlow;

use abi::cell::{Field, Link, Record};
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use mm::machine::Machine;
use mm::pool::Tag;

use crate::device::BlockDevice;
use crate::expression::matches;
use crate::path::{LONGEST_NAME, Path};
use crate::volume::Volume;

const CONTEXT: Tag = Tag(*b"FatC");
/// What a listing wants that does not say.
const EVERYTHING: &[u16] = &[b'*' as u16];

/// A listing that is under way. The expression of the names it wants stands behind it in the same pool block.
#[doc(alias = "_CCB")]
#[repr(C)]
#[derive(Debug)]
pub struct Ccb {
    /// Entries of the directory that have been passed.
    pub position: Field<u32>,
    /// UTF-16 units of the expression.
    pub length: Field<u32>,
}
impl Record for Ccb {}

/// An entry of a directory.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'e> {
    /// Its place among the entries, from 0.
    pub index: u32,
    /// Its name, as the volume spells it.
    pub name: &'e [u16],
    /// Its 8.3 name, where that is another.
    pub short_name: &'e [u16],
    /// `FILE_ATTRIBUTE_`.
    pub attributes: u32,
    /// Bytes; 0 for a directory.
    pub size: u32,
    /// Bytes of the clusters that hold them.
    pub allocation: u64,
    /// System times: creation, last access, last write.
    pub times: [u64; 3],
}

impl<M: Machine, D: BlockDevice> Volume<'_, M, D> {
    /// Calls `take` with the entries of the directory `file` from where its listing is, until one is refused with `Break`,
    /// which is then the next; how many were taken. The first call says which names are wanted, all without an `expression`.
    ///
    /// # Errors
    /// INVALID_PARAMETER for what is no directory, OBJECT_NAME_INVALID for an expression that is too long, NO_SUCH_FILE where
    /// the first call finds nothing, NO_MORE_FILES at the end, INSUFFICIENT_RESOURCES, and what corrupt volumes and devices
    /// give. After the last two the listing is where it was.
    #[doc(alias = "FatQueryDirectory")]
    pub fn list(
        &self,
        file: Link<FileObject>,
        expression: Option<&[u16]>,
        scan: Scan,
        take: impl FnMut(&Listed<'_>) -> ControlFlow<()>,
    ) -> Result<u32, NtStatus> {
        if !self.fcb(file).is_directory() {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let (context, first) = self.context(file, expression)?;
        let position = self.record(context).position.get();
        if scan == Scan::FromStart {
            self.record(context).position.set(0);
        }
        match self.list_onward(file, context, take) {
            Ok((0, false)) if first => Err(NtStatus::NO_SUCH_FILE),
            Ok((0, false)) => Err(NtStatus::NO_MORE_FILES),
            Ok((taken, _)) => Ok(taken),
            Err(status) => {
                self.record(context).position.set(position);
                if first {
                    self.free_context(file);
                }
                Err(status)
            }
        }
    }

    /// How many entries were taken, and whether one was refused.
    fn list_onward(
        &self,
        file: Link<FileObject>,
        context: Link<Ccb>,
        mut take: impl FnMut(&Listed<'_>) -> ControlFlow<()>,
    ) -> Result<(u32, bool), NtStatus> {
        let record = self.record(context);
        let mut wanted = [0; LONGEST_NAME];
        let wanted = self.copy_expression(context, &mut wanted);
        let name = self.name_of(self.fcb_of(file))?;
        let path = Path::of_directory(name.units());
        let (mut taken, mut refused) = (0, false);
        self.each_entry(&path, record.position.get(), |entry| {
            let is_wanted =
                matches(wanted, entry.name) || !entry.short_name.is_empty() && matches(wanted, entry.short_name);
            if is_wanted && take(&entry).is_break() {
                refused = true;
                return ControlFlow::Break(());
            }
            taken += u32::from(is_wanted);
            record.position.set(entry.index + 1);
            ControlFlow::Continue(())
        })?;
        Ok((taken, refused))
    }

    /// The CCB of `file`, and whether it was made just now (I3).
    fn context(&self, file: Link<FileObject>, expression: Option<&[u16]>) -> Result<(Link<Ccb>, bool), NtStatus> {
        let place = &self.record(file).fs_context2;
        if place.get() != 0 {
            return Ok((Link::new(place.get()), false));
        }
        let expression = expression.filter(|units| !units.is_empty()).unwrap_or(EVERYTHING);
        if expression.len() > LONGEST_NAME {
            return Err(NtStatus::OBJECT_NAME_INVALID);
        }
        let bytes = size_of::<Ccb>() as u32 + size_of_val(expression) as u32;
        let context: Link<Ccb> =
            self.memory().allocate_zeroed_pool(bytes, CONTEXT).map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
        for (index, unit) in (0..).zip(expression) {
            self.record(unit_of(context, index)).set(*unit);
        }
        self.record(context).length.set(expression.len() as u32);
        place.set(context.address());
        Ok((context, true))
    }

    /// Gives the CCB of a file object back that goes.
    pub(crate) fn free_context(&self, file: Link<FileObject>) {
        let place = &self.record(file).fs_context2;
        if let Some(context) = Link::<Ccb>::new(place.get()).some() {
            place.set(0);
            self.memory().free_pool(context);
        }
    }

    fn copy_expression<'b>(&self, context: Link<Ccb>, buffer: &'b mut [u16; LONGEST_NAME]) -> &'b [u16] {
        let length = self.record(context).length.get();
        for (index, place) in (0..length).zip(buffer.iter_mut()) {
            *place = self.record(unit_of(context, index)).get();
        }
        &buffer[..length as usize]
    }
}

/// Where a listing goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scan {
    /// Where it was.
    Onward,
    /// At the start.
    FromStart,
}

const fn unit_of(context: Link<Ccb>, index: u32) -> Link<Field<u16>> {
    context.offset(size_of::<Ccb>() as u32 + index * 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_volume::*;
    use abi::access::FILE_READ_DATA;
    use abi::file::FILE_DIRECTORY_FILE;

    use crate::open::OpenRequest;

    const ROOT: &str = "\\";
    const FOLDER: &str = "\\DIRWIT~1";

    /// What one look at the directory `path` finds: names with their sizes.
    fn names(format: Format, path: &str, expression: &str) -> Result<Vec<(String, u32)>, NtStatus> {
        let mut result = Err(NtStatus::UNSUCCESSFUL);
        with_volume(format, |volume, _| {
            let path = wide(path);
            let request = OpenRequest::existing(FILE_READ_DATA, FILE_DIRECTORY_FILE);
            let file = volume.open(&Path::parse(&path).unwrap(), &request).unwrap().file;
            let mut found = Vec::new();
            let expression = wide(expression);
            result = volume
                .list(file, Some(&expression), Scan::Onward, |entry| {
                    found.push((String::from_utf16_lossy(entry.name), entry.size));
                    ControlFlow::Continue(())
                })
                .map(|_| found);
            volume.close_file(file);
        });
        result
    }

    #[test]
    fn a_directory_lists_what_is_in_it() {
        for format in FORMATS {
            let root = names(format, ROOT, "*").unwrap();
            assert!(root.contains(&("HELLO.TXT".into(), 23)), "{root:?}");
            assert!(root.contains(&("dir with a long name".into(), 0)));
            assert!(!root.iter().any(|(name, _)| name.starts_with('.')), "a root has no parent");
            let folder = names(format, FOLDER, "").unwrap();
            assert_eq!((folder[0].0.as_str(), folder[1].0.as_str()), (".", ".."));
            assert!(folder.contains(&("Fragmented file.bin".into(), FRAGMENTED as u32)));
        }
    }

    #[test]
    fn expressions_choose_by_long_and_short_names() {
        let only = |expression| {
            names(Format::Fat16, FOLDER, expression)
                .map(|found| found.into_iter().map(|(name, _)| name).collect::<Vec<_>>())
        };
        assert_eq!(only("fragmented*"), Ok(vec!["Fragmented file.bin".to_owned()]));
        assert_eq!(only("FRAGME~1.BIN"), Ok(vec!["Fragmented file.bin".to_owned()]));
        assert_eq!(only("nothing"), Err(NtStatus::NO_SUCH_FILE));
        assert_eq!(only(&"x".repeat(256)), Err(NtStatus::OBJECT_NAME_INVALID));
    }

    #[test]
    fn a_listing_goes_on_where_it_was_and_ends() {
        with_volume(Format::Fat12, |volume, _| {
            let path = wide(ROOT);
            let request = OpenRequest::existing(FILE_READ_DATA, 0);
            let file = volume.open(&Path::parse(&path).unwrap(), &request).unwrap().file;
            let one = |scan| {
                let mut found = None;
                let result = volume.list(file, None, scan, |entry| match found {
                    None => {
                        found = Some(entry.index);
                        ControlFlow::Continue(())
                    }
                    Some(_) => ControlFlow::Break(()),
                });
                result.map(|count| (count, found))
            };
            let mut count = 0;
            while let Ok((1, Some(index))) = one(Scan::Onward) {
                assert_eq!(index, count);
                count += 1;
            }
            assert!(count > 2);
            assert_eq!(one(Scan::Onward), Err(NtStatus::NO_MORE_FILES));
            assert_eq!(one(Scan::FromStart), Ok((1, Some(0))));
            assert_eq!(
                volume.list(file, None, Scan::Onward, |_| ControlFlow::Break(())),
                Ok(0),
                "no room for the first"
            );
            volume.close_file(file);
            let file = volume.open_to_read("\\HELLO.TXT").unwrap();
            let refused = volume.list(file, None, Scan::Onward, |_| ControlFlow::Continue(()));
            assert_eq!(refused, Err(NtStatus::INVALID_PARAMETER));
            volume.close_file(file);
        });
    }
}
