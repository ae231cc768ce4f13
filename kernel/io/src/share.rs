//! Who may have a file open beside whom.
//!
//! Source: Microsoft's documentation of `IoCheckShareAccess`, `IoUpdateShareAccess` and `IoRemoveShareAccess`.

use abi::access::{DELETE, FILE_APPEND_DATA, FILE_EXECUTE, FILE_READ_DATA, FILE_WRITE_DATA};
use abi::cell::Field;
use abi::file::{FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE};
use abi::nt::file::FileObject;
use abi::status::NtStatus;

use crate::fcb::ShareAccess;

/// What one opener does with a file, and lets others do: reading, writing, deleting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sharing {
    does: [bool; 3],
    lets: [bool; 3],
}

impl Sharing {
    /// Of somebody who gets `access` and shares as the `FILE_SHARE_` in `share` say.
    pub fn new(access: u32, share: u32) -> Self {
        let does = [FILE_READ_DATA | FILE_EXECUTE, FILE_WRITE_DATA | FILE_APPEND_DATA, DELETE];
        let lets = [FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_SHARE_DELETE];
        Self { does: does.map(|bits| access & bits != 0), lets: lets.map(|bit| share & bit != 0) }
    }

    /// Of the opener that `file` stands for.
    pub fn of(file: &FileObject) -> Self {
        let is = |field: &Field<u8>| field.get() != 0;
        Self {
            does: [is(&file.read_access), is(&file.write_access), is(&file.delete_access)],
            lets: [is(&file.shared_read), is(&file.shared_write), is(&file.shared_delete)],
        }
    }

    /// Notes it in the opener's file object.
    pub fn store(&self, file: &FileObject) {
        let fields = [&file.read_access, &file.write_access, &file.delete_access];
        fields.iter().zip(self.does).for_each(|(field, does)| field.set(u8::from(does)));
        let fields = [&file.shared_read, &file.shared_write, &file.shared_delete];
        fields.iter().zip(self.lets).for_each(|(field, lets)| field.set(u8::from(lets)));
    }

    /// Who only asks for attributes is in nobody's way.
    fn counts(&self) -> bool {
        self.does.contains(&true)
    }
}

impl ShareAccess {
    /// Nobody.
    pub(crate) fn empty() -> Self {
        Self {
            open_count: Field::<u32>::ZERO,
            readers: Field::<u32>::ZERO,
            writers: Field::<u32>::ZERO,
            deleters: Field::<u32>::ZERO,
            shared_read: Field::<u32>::ZERO,
            shared_write: Field::<u32>::ZERO,
            shared_delete: Field::<u32>::ZERO,
        }
    }

    /// Whether `other` counts the same.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let counts = |access: &Self| [access.users(), access.sharers()].map(|fields| fields.map(Field::get));
        self.open_count.get() == other.open_count.get() && counts(self) == counts(other)
    }

    fn users(&self) -> [&Field<u32>; 3] {
        [&self.readers, &self.writers, &self.deleters]
    }

    fn sharers(&self) -> [&Field<u32>; 3] {
        [&self.shared_read, &self.shared_write, &self.shared_delete]
    }

    /// Whether one more may open the file.
    ///
    /// # Errors
    /// SHARING_VIOLATION.
    #[doc(alias = "IoCheckShareAccess")]
    pub(crate) fn check(&self, opener: &Sharing) -> Result<(), NtStatus> {
        let open = self.open_count.get();
        let conflicts = (0..3).any(|way| {
            opener.does[way] && self.sharers()[way].get() < open || self.users()[way].get() > 0 && !opener.lets[way]
        });
        if opener.counts() && conflicts { Err(NtStatus::SHARING_VIOLATION) } else { Ok(()) }
    }

    /// Counts an opener, or no longer counts it.
    fn count(&self, opener: &Sharing, change: impl Fn(u32) -> u32) {
        if !opener.counts() {
            return;
        }
        self.open_count.update(&change);
        for way in 0..3 {
            if opener.does[way] {
                self.users()[way].update(&change);
            }
            if opener.lets[way] {
                self.sharers()[way].update(&change);
            }
        }
    }

    /// Counts one opener more.
    #[doc(alias = "IoUpdateShareAccess")]
    pub(crate) fn add(&self, opener: &Sharing) {
        self.count(opener, |count| count + 1);
    }

    /// Counts one opener fewer.
    #[doc(alias = "IoRemoveShareAccess")]
    pub(crate) fn remove(&self, opener: &Sharing) {
        self.count(opener, |count| count - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::access::FILE_READ_ATTRIBUTES;

    /// Whether the second may open beside the first: by the rule that each must let what the other does.
    #[test]
    fn two_openers_get_along_where_each_lets_what_the_other_does() {
        let rights =
            [0, FILE_READ_DATA, FILE_WRITE_DATA, FILE_READ_DATA | FILE_APPEND_DATA, DELETE, FILE_EXECUTE | DELETE];
        for one in rights {
            for other in rights {
                for shares in 0..64 {
                    let (first, second) = (Sharing::new(one, shares & 7), Sharing::new(other, shares >> 3));
                    let access = ShareAccess::empty();
                    access.add(&first);
                    let lets = |a: &Sharing, b: &Sharing| (0..3).all(|way| !b.does[way] || a.lets[way]);
                    let expected = one == 0 || other == 0 || lets(&first, &second) && lets(&second, &first);
                    assert_eq!(access.check(&second).is_ok(), expected, "{first:?} {second:?}");
                    access.remove(&first);
                    assert_eq!(access.check(&Sharing::new(DELETE | FILE_WRITE_DATA, 0)), Ok(()));
                }
            }
        }
    }

    #[test]
    fn who_asks_for_attributes_is_in_nobodys_way() {
        let access = ShareAccess::empty();
        access.add(&Sharing::new(FILE_WRITE_DATA, 0));
        assert_eq!(access.check(&Sharing::new(FILE_READ_ATTRIBUTES, 0)), Ok(()));
        assert_eq!(access.check(&Sharing::new(FILE_READ_DATA, 7)), Err(NtStatus::SHARING_VIOLATION));
        assert_eq!(access.open_count.get(), 1);
    }
}
