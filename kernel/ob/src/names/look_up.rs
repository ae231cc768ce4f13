//! From a name to an object, or to the place where one of that name would stand.
//!
//! A look-up ends at a device, and begins at an open file: what of the name follows is theirs to make something of. Names
//! below `\??` begin in the directory of devices without a detour over the link of that name, as on XP.

use abi::access::{OBJ_CASE_INSENSITIVE, OBJ_OPENLINK};
use abi::cell::Link;
use abi::nt::name_space::{ObjectDirectory, ObjectSymbolicLink};
use abi::nt::object::ObjectBody;
use abi::status::NtStatus;
use alloc::borrow::Cow;
use alloc::vec::Vec;
use mm::machine::Machine;

use super::Case;
use crate::kind::Kind;
use crate::object::ObjectManager;

pub(super) const SEPARATOR: u16 = b'\\' as u16;
/// What names of devices begin with: `\??\`.
#[doc(alias = "ObpDosDevicesShortNamePrefix")]
const DOS_DEVICES: [u16; 4] = [SEPARATOR, b'?' as u16, b'?' as u16, SEPARATOR];
/// Symbolic links that one look-up follows.
#[doc(alias = "OBJ_MAX_REPARSE_ATTEMPTS")]
const MOST_LINKS: u32 = 32;
/// Characters of a name at most.
const LONGEST_NAME: usize = 0xFFFC / 2;

/// A name to look up.
#[derive(Clone, Copy, Debug)]
pub struct ObjectName<'n> {
    /// Where it begins: an object that the caller has a handle to, else the root.
    pub root: Option<Link<ObjectBody>>,
    /// The path.
    pub path: &'n [u16],
    /// Attributes: `OBJ_CASE_INSENSITIVE`, `OBJ_OPENLINK`.
    pub attributes: u32,
}

/// What a name leads to.
#[derive(Debug)]
pub enum Found<'n> {
    /// An object.
    Object(Link<ObjectBody>),
    /// Nothing yet, but the directory is there.
    Vacant(Vacancy),
    /// A device, or the open file that the name began at; the rest of the name is its business.
    #[doc(alias = "ParseProcedure")]
    Beyond(Link<ObjectBody>, Remainder<'n>),
}

/// What follows in a name behind the device or the file that it led to.
#[derive(Debug)]
pub struct Remainder<'n> {
    path: Cow<'n, [u16]>,
    at: usize,
}

impl Remainder<'_> {
    /// The characters. Behind a device they begin with a backslash where there are any.
    pub fn units(&self) -> &[u16] {
        &self.path[self.at..]
    }
}

impl From<Vec<u16>> for Remainder<'_> {
    fn from(path: Vec<u16>) -> Self {
        Self { path: Cow::Owned(path), at: 0 }
    }
}

/// A place for a new object.
#[derive(Debug)]
pub struct Vacancy {
    pub(super) directory: Link<ObjectDirectory>,
    pub(super) name: Vec<u16>,
}

/// Where a walk through directories ended.
enum End {
    Object(Link<ObjectBody>),
    /// At a symbolic link; the rest of the path begins here.
    SymbolicLink(Link<ObjectSymbolicLink>, usize),
    /// The last part, which begins here, is not in the directory.
    Vacant(Link<ObjectDirectory>, usize),
    /// At a device; the rest of the path begins here.
    Device(Link<ObjectBody>, usize),
}

impl<M: Machine> ObjectManager<'_, M> {
    /// Looks `name` up for somebody who wants an object of type `wanted`: a symbolic link that the whole name leads to is the
    /// answer for who wants one, and is followed otherwise.
    ///
    /// # Errors
    /// OBJECT_PATH_SYNTAX_BAD for a name that does not begin at the root, or begins there although `root` is given;
    /// OBJECT_NAME_INVALID for an empty part or a name that links make too long; OBJECT_PATH_NOT_FOUND where a directory is
    /// missing or links go in a circle; OBJECT_TYPE_MISMATCH where something else stands in a directory's place;
    /// INVALID_HANDLE for a `root` in which nothing can be looked up; INSUFFICIENT_RESOURCES.
    #[doc(alias = "ObpLookupObjectName")]
    pub fn look_up<'n>(&self, name: &ObjectName<'n>, wanted: Kind) -> Result<Found<'n>, NtStatus> {
        let case = if name.attributes & OBJ_CASE_INSENSITIVE != 0 { Case::Insensitive } else { Case::Sensitive };
        let want_link = wanted == Kind::SymbolicLink || name.attributes & OBJ_OPENLINK != 0;
        let (mut directory, path) = match name.root {
            None => self.start(name.path)?,
            Some(body) => match self.kind_of(body) {
                Kind::File => return Ok(Found::Beyond(body, Remainder { path: Cow::Borrowed(name.path), at: 0 })),
                _ if name.path.first() == Some(&SEPARATOR) => return Err(NtStatus::OBJECT_PATH_SYNTAX_BAD),
                Kind::Directory => (body.cast(), name.path),
                Kind::SymbolicLink if name.path.is_empty() && want_link => return Ok(Found::Object(body)),
                Kind::SymbolicLink => return Err(NtStatus::OBJECT_TYPE_MISMATCH),
                _ => return Err(NtStatus::INVALID_HANDLE),
            },
        };
        if path.len() > LONGEST_NAME {
            return Err(NtStatus::OBJECT_NAME_INVALID);
        }
        let mut path = Cow::Borrowed(path);
        for _ in 0..MOST_LINKS {
            match self.walk(directory, &path, case, want_link)? {
                End::Object(body) => return Ok(Found::Object(body)),
                End::Device(body, at) => return Ok(Found::Beyond(body, Remainder { path, at })),
                End::Vacant(directory, at) => {
                    return Ok(Found::Vacant(Vacancy { directory, name: joined(&path[at..], &[])? }));
                }
                End::SymbolicLink(link, at) => {
                    let record = self.record(link);
                    if let Some(device) = record.link_target_object.get().some() {
                        return Ok(Found::Beyond(device, Remainder { path, at }));
                    }
                    let target = self.text(&record.link_target)?;
                    path = Cow::Owned(joined(from_root(&target)?, &path[at..])?);
                    directory = self.root();
                }
            }
        }
        Err(NtStatus::OBJECT_PATH_NOT_FOUND)
    }

    /// Where a name that no handle belongs to begins, and what of it is to be looked up there.
    fn start<'n>(&self, path: &'n [u16]) -> Result<(Link<ObjectDirectory>, &'n [u16]), NtStatus> {
        match path.strip_prefix(&DOS_DEVICES) {
            Some(rest) if !rest.is_empty() => Ok((self.dos_devices.get(), rest)),
            _ => Ok((self.root(), from_root(path)?)),
        }
    }

    /// Follows `path` from `directory` on as far as there are directories.
    fn walk(
        &self,
        mut directory: Link<ObjectDirectory>,
        path: &[u16],
        case: Case,
        want_link: bool,
    ) -> Result<End, NtStatus> {
        if path.is_empty() {
            return Ok(End::Object(directory.cast()));
        }
        let mut start = 0;
        loop {
            let length = path[start..].iter().position(|unit| *unit == SEPARATOR);
            let end = length.map_or(path.len(), |length| start + length);
            let is_last = length.is_none();
            if start == end {
                return Err(NtStatus::OBJECT_NAME_INVALID);
            }
            let Some(body) = self.find_in(directory, &path[start..end], case) else {
                return if is_last { Ok(End::Vacant(directory, start)) } else { Err(NtStatus::OBJECT_PATH_NOT_FOUND) };
            };
            match self.kind_of(body) {
                Kind::SymbolicLink if !(is_last && want_link) => return Ok(End::SymbolicLink(body.cast(), end)),
                Kind::Device => return Ok(End::Device(body, end)),
                _ if is_last => return Ok(End::Object(body)),
                Kind::Directory => directory = body.cast(),
                _ => return Err(NtStatus::OBJECT_TYPE_MISMATCH),
            }
            start = end + 1;
        }
    }
}

/// What of `path` follows the backslash it begins with.
pub(super) fn from_root(path: &[u16]) -> Result<&[u16], NtStatus> {
    path.strip_prefix(&[SEPARATOR]).ok_or(NtStatus::OBJECT_PATH_SYNTAX_BAD)
}

fn joined(start: &[u16], end: &[u16]) -> Result<Vec<u16>, NtStatus> {
    let length = start.len() + end.len();
    if length > LONGEST_NAME {
        return Err(NtStatus::OBJECT_NAME_INVALID);
    }
    let mut path = Vec::new();
    path.try_reserve_exact(length).map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
    path.extend_from_slice(start);
    path.extend_from_slice(end);
    Ok(path)
}
