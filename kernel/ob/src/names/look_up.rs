//! From a name to an object, or to the place where one of that name would stand.

use abi::access::{OBJ_CASE_INSENSITIVE, OBJ_OPENLINK};
use abi::cell::Link;
use abi::nt::name_space::{ObjectDirectory, ObjectSymbolicLink};
use abi::nt::object::ObjectBody;
use abi::status::NtStatus;
use alloc::vec::Vec;
use mm::machine::Machine;

use super::Case;
use crate::kind::Kind;
use crate::object::ObjectManager;

const SEPARATOR: u16 = b'\\' as u16;
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
pub enum Found {
    /// An object.
    Object(Link<ObjectBody>),
    /// Nothing yet, but the directory is there.
    Vacant(Vacancy),
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
    pub fn look_up(&self, name: &ObjectName<'_>, wanted: Kind) -> Result<Found, NtStatus> {
        let case = if name.attributes & OBJ_CASE_INSENSITIVE != 0 { Case::Insensitive } else { Case::Sensitive };
        let want_link = wanted == Kind::SymbolicLink || name.attributes & OBJ_OPENLINK != 0;
        let mut directory = match name.root {
            None => self.root(),
            Some(_) if name.path.first() == Some(&SEPARATOR) => return Err(NtStatus::OBJECT_PATH_SYNTAX_BAD),
            Some(body) => match self.kind_of(body) {
                Kind::Directory => body.cast(),
                Kind::SymbolicLink if name.path.is_empty() && want_link => return Ok(Found::Object(body)),
                Kind::SymbolicLink => return Err(NtStatus::OBJECT_TYPE_MISMATCH),
                _ => return Err(NtStatus::INVALID_HANDLE),
            },
        };
        let mut path = joined(if name.root.is_some() { name.path } else { from_root(name.path)? }, &[])?;
        for _ in 0..MOST_LINKS {
            match self.walk(directory, &path, case, want_link)? {
                End::Object(body) => return Ok(Found::Object(body)),
                End::Vacant(directory, at) => {
                    return Ok(Found::Vacant(Vacancy { directory, name: path.split_off(at) }));
                }
                End::SymbolicLink(link, at) => {
                    let target = self.text(&self.record(link).link_target)?;
                    path = joined(from_root(&target)?, &path[at..])?;
                    directory = self.root();
                }
            }
        }
        Err(NtStatus::OBJECT_PATH_NOT_FOUND)
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
                _ if is_last => return Ok(End::Object(body)),
                Kind::Directory => directory = body.cast(),
                _ => return Err(NtStatus::OBJECT_TYPE_MISMATCH),
            }
            start = end + 1;
        }
    }
}

/// What of `path` follows the backslash it begins with.
fn from_root(path: &[u16]) -> Result<&[u16], NtStatus> {
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
