//! `\Device\PhysicalMemory`: the section through which programs see memory by its physical addresses.
//!
//! Who opens it may read. An administrator of XP who wants to write gives himself the right first, in the object's access list, which he may do
//! as the one who can take what he does not own. There are no access lists here: what counts is that SeTakeOwnershipPrivilege is on.
//!
//! Source: name, and rights of administrators, of a running XP.

use abi::access::{READ_CONTROL, SECTION_MAP_READ, SECTION_QUERY};
use abi::cell::Link;
use abi::memory::PAGE_EXECUTE_READWRITE;
use abi::nt::object::ObjectBody;
use abi::nt::section::SectionObject;
use abi::status::NtStatus;
use mm::system::Exhausted;
use ob::Kind;

use crate::executive::Executive;
use crate::platform::Platform;

const NAME: &str = "\\Device\\PhysicalMemory";
/// What anybody may do.
const READING: u32 = READ_CONTROL | SECTION_QUERY | SECTION_MAP_READ;
/// Rights that stand for others.
const GENERIC: u32 = 0xFE00_0000;

impl<P: Platform> Executive<P> {
    /// Makes the section, with its name, of all that an address of `address_bits` bits can name.
    ///
    /// # Errors
    /// [`Exhausted`]; the system is starting and cannot go on.
    pub fn name_physical_memory(&self, address_bits: u8) -> Result<(), Exhausted> {
        let area = self.mm().create_physical_memory(address_bits)?;
        let section = self.objects().create_permanent::<SectionObject>(NAME)?;
        self.fill_section(section, area, PAGE_EXECUTE_READWRITE);
        Ok(())
    }

    /// The rights that who asks for `desired` of the object at `body` gets: "as much as possible" is what is allowed.
    ///
    /// # Errors
    /// ACCESS_DENIED.
    #[doc(alias = "SeAccessCheck")]
    pub(crate) fn granted_rights(&self, body: Link<ObjectBody>, kind: Kind, desired: u32) -> Result<u32, NtStatus> {
        let rights = kind.rights(desired);
        if kind != Kind::Section || rights & !READING == 0 || !self.is_over_physical_memory(body.cast()) {
            return Ok(rights);
        }
        let token = self.machine_record(self.token_of(self.current_process()));
        if se::holds(token, se::privilege::TAKE_OWNERSHIP) {
            Ok(rights)
        } else if desired & GENERIC == abi::access::MAXIMUM_ALLOWED && desired & !GENERIC & !READING == 0 {
            Ok(READING)
        } else {
            Err(NtStatus::ACCESS_DENIED)
        }
    }

    fn is_over_physical_memory(&self, section: Link<SectionObject>) -> bool {
        self.machine_record(section).segment.get() != 0 && self.is_physical_memory(self.control_area_of(section))
    }
}
