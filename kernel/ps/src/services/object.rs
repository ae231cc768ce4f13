//! What making and opening objects of all types has in common: names, and the handle that the program gets.

use abi::access::{OBJ_INHERIT, OBJ_OPENIF};
use abi::cell::Link;
use abi::nt::object::ObjectBody;
use abi::status::NtStatus;
use ob::{Found, Object};

use crate::executive::Executive;
use crate::platform::Platform;

impl<P: Platform> Executive<P> {
    /// Makes an object of type `T` as the OBJECT_ATTRIBUTES at `attributes_at` say, lets `initialise` fill its body, and
    /// stores a handle at `handle_at`. OBJECT_NAME_EXISTS, a success, where one of that name is opened instead.
    ///
    /// # Errors
    /// OBJECT_NAME_COLLISION where the name is taken, OBJECT_TYPE_MISMATCH where another type has the name that was to be
    /// opened, and those of the attributes, the look-up, `initialise` and of storing.
    #[doc(alias = "ObCreateObject")]
    #[doc(alias = "ObInsertObject")]
    pub(super) fn create_object<T: Object>(
        &self,
        access: u32,
        attributes_at: u32,
        handle_at: u32,
        initialise: impl FnOnce(Link<T>) -> Result<(), NtStatus>,
    ) -> Result<NtStatus, NtStatus> {
        let attributes = self.read_object_attributes(attributes_at)?;
        let body = if attributes.is_named() {
            match self.objects().look_up(&self.object_name(&attributes)?, T::KIND)? {
                Found::Beyond(..) => return Err(NtStatus::OBJECT_TYPE_MISMATCH),
                Found::Vacant(vacancy) => self.objects().create_named::<T>(&vacancy, attributes.flags)?,
                Found::Object(_) if attributes.flags & OBJ_OPENIF == 0 => return Err(NtStatus::OBJECT_NAME_COLLISION),
                Found::Object(body) => {
                    self.open_body::<T>(body, access, attributes.flags, handle_at)?;
                    return Ok(NtStatus::OBJECT_NAME_EXISTS);
                }
            }
        } else {
            self.objects().create::<T>()?
        };
        if let Err(status) = initialise(body) {
            self.objects().forget_unused_name(body);
            self.release(body);
            return Err(status);
        }
        self.give_handle(body, access, attributes.flags & OBJ_INHERIT, handle_at)
    }

    /// Opens the object of type `T` that has the name in the OBJECT_ATTRIBUTES at `attributes_at`.
    ///
    /// # Errors
    /// INVALID_PARAMETER without attributes, OBJECT_NAME_NOT_FOUND, OBJECT_TYPE_MISMATCH, and those of the attributes, the
    /// look-up and of storing.
    #[doc(alias = "ObOpenObjectByName")]
    pub(super) fn open_object<T: Object>(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle_at, access, attributes_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_word(handle_at)?;
        if attributes_at == 0 {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let attributes = self.read_object_attributes(attributes_at)?;
        match self.objects().look_up(&self.object_name(&attributes)?, T::KIND)? {
            Found::Object(body) => self.open_body::<T>(body, access, attributes.flags, handle_at),
            Found::Vacant(_) => Err(NtStatus::OBJECT_NAME_NOT_FOUND),
            // Devices and files are opened by the services of files.
            Found::Beyond(..) => Err(NtStatus::OBJECT_TYPE_MISMATCH),
        }
    }

    fn open_body<T: Object>(
        &self,
        body: Link<ObjectBody>,
        access: u32,
        flags: u32,
        handle_at: u32,
    ) -> Result<NtStatus, NtStatus> {
        if self.objects().kind_of(body) != T::KIND {
            return Err(NtStatus::OBJECT_TYPE_MISMATCH);
        }
        let access = self.granted_rights(body, T::KIND, access)?;
        self.objects().reference(body);
        self.give_handle::<T>(body.cast(), access, flags & OBJ_INHERIT, handle_at)
    }
}
