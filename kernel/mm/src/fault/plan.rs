//! What a page fault should do, decided from a PTE, a VAD and an access. Pure: touches nothing, fails only by refusing.

use abi::cell::Link;

use crate::layout::FrameNumber;
use crate::protection::{Access, Protection};
use crate::pte::{COPY_ON_WRITE, PagingFilePage, Pte, PteCell, WRITE};

/// What the VAD says of a page whose own PTE says nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Backing {
    /// No VAD covers the page.
    Nothing,
    /// Memory that was reserved and not committed.
    Reserved,
    /// Private memory that was committed with the VAD, under this protection.
    Private(Protection),
    /// A page of a section: its prototype PTE, and the view's protection where that decides.
    Shared(Link<PteCell>, Option<Protection>),
    /// A page of a view of physical memory: the frame, and the view's protection.
    Physical(FrameNumber, Protection),
}

/// What resolves a fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Plan {
    /// Nothing is wrong any more: another thread was faster, or a stale translation was used.
    Retry,
    /// A private page full of zeros.
    DemandZero(Protection),
    /// The page is still in this frame.
    SoftFault(FrameNumber, Protection),
    /// The page is in a paging file.
    PageIn(PagingFilePage),
    /// Map what the prototype PTE names; `None` takes the prototype's own protection.
    Shared(Link<PteCell>, Option<Protection>),
    /// Replace the shared page in this frame by a private copy.
    CopyOnWrite(FrameNumber),
    /// Map this frame, whoever owns it.
    Physical(FrameNumber, Protection),
    /// Take the guard off and tell the program. The entry's protection, guard included.
    Guard(Protection),
}

/// The program's fault: `STATUS_ACCESS_VIOLATION`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denied;

/// Decides how to resolve a fault at a user address.
///
/// `no_execute` is [`crate::pte::NO_EXECUTE`] where the processor has it, else 0. `backing` is asked only where the entry
/// does not speak for itself.
///
/// # Errors
/// [`Denied`] where neither entry nor VAD allows the access.
#[doc(alias = "MmAccessFault")]
#[inline(always)]
pub fn plan(pte: Pte, access: Access, no_execute: u64, backing: impl FnOnce() -> Backing) -> Result<Plan, Denied> {
    match pte {
        Pte::Valid(valid) => match access {
            Access::Write if valid.has(WRITE) => Ok(Plan::Retry),
            Access::Write if valid.has(COPY_ON_WRITE) => Ok(Plan::CopyOnWrite(valid.frame())),
            Access::Execute if no_execute == 0 || !valid.has(no_execute) => Ok(Plan::Retry),
            Access::Read => Ok(Plan::Retry),
            _ => Err(Denied),
        },
        Pte::Empty => match backing() {
            Backing::Nothing | Backing::Reserved => Err(Denied),
            Backing::Private(protection) => allowed(protection, access, no_execute, Plan::DemandZero(protection)),
            Backing::Shared(cell, protection) => shared(cell, protection, access, no_execute),
            Backing::Physical(frame, protection) => {
                allowed(protection, access, no_execute, Plan::Physical(frame, protection))
            }
        },
        Pte::DemandZero(protection) => allowed(protection, access, no_execute, Plan::DemandZero(protection)),
        Pte::Transition(frame, protection) => {
            allowed(protection, access, no_execute, Plan::SoftFault(frame, protection))
        }
        Pte::PagingFile(page) => allowed(page.protection, access, no_execute, Plan::PageIn(page)),
        Pte::Prototype(cell, protection) => {
            let protection = (protection != Protection::ZERO).then_some(protection);
            shared(cell, protection, access, no_execute)
        }
        Pte::LookInVad(protection) => match backing() {
            Backing::Shared(cell, _) => shared(cell, Some(protection), access, no_execute),
            _ => Err(Denied),
        },
    }
}

#[inline(always)]
fn shared(
    cell: Link<PteCell>,
    protection: Option<Protection>,
    access: Access,
    no_execute: u64,
) -> Result<Plan, Denied> {
    let plan = Plan::Shared(cell, protection);
    protection.map_or(Ok(plan), |protection| allowed(protection, access, no_execute, plan))
}

/// `plan`, where `protection` allows `access`. Without NX whatever may be read may be executed.
///
/// A guard comes before everything: any access takes it off and is told so, and only the next one meets the protection
/// under it. Source: Win32's description of `PAGE_GUARD` ("any attempt to access"; the underlying protection takes over
/// when the guard is off).
#[doc(alias = "MiAccessCheck")]
#[inline(always)]
pub(super) fn allowed(protection: Protection, access: Access, no_execute: u64, plan: Plan) -> Result<Plan, Denied> {
    let access = match access {
        Access::Execute if no_execute == 0 => Access::Read,
        other => other,
    };
    if protection.is_guard() {
        Ok(Plan::Guard(protection))
    } else if protection.allows(access) {
        Ok(plan)
    } else {
        Err(Denied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pte::{NO_EXECUTE, ValidPte};

    const RW: Protection = Protection::READWRITE;
    const FRAME: FrameNumber = FrameNumber(7);

    fn of(pte: Pte, access: Access, backing: Backing) -> Result<Plan, Denied> {
        plan(pte, access, NO_EXECUTE, || backing)
    }

    fn valid(protection: Protection) -> Pte {
        Pte::Valid(ValidPte::user(FRAME, protection, NO_EXECUTE))
    }

    #[test]
    fn an_untouched_page_is_what_its_vad_says() {
        let cell = Link::new(0xA000_0008);
        let (guard, guarded_constant) = (Protection::from_code(20), Protection::from_code(17));
        let rows = [
            (Backing::Nothing, Access::Read, Err(Denied)),
            (Backing::Reserved, Access::Read, Err(Denied)),
            (Backing::Private(RW), Access::Write, Ok(Plan::DemandZero(RW))),
            (Backing::Private(RW), Access::Execute, Err(Denied)),
            (Backing::Private(Protection::READONLY), Access::Write, Err(Denied)),
            (Backing::Private(Protection::NOACCESS), Access::Read, Err(Denied)),
            (Backing::Private(guard), Access::Read, Ok(Plan::Guard(guard))),
            (Backing::Private(guard), Access::Execute, Ok(Plan::Guard(guard))),
            (Backing::Private(guarded_constant), Access::Write, Ok(Plan::Guard(guarded_constant))),
            (Backing::Shared(cell, Some(guarded_constant)), Access::Write, Ok(Plan::Guard(guarded_constant))),
            (Backing::Private(Protection::DECOMMITTED), Access::Read, Err(Denied)),
            (Backing::Shared(cell, None), Access::Write, Ok(Plan::Shared(cell, None))),
            (Backing::Shared(cell, Some(Protection::READONLY)), Access::Write, Err(Denied)),
        ];
        for (backing, access, expected) in rows {
            assert_eq!(of(Pte::Empty, access, backing), expected, "{backing:?} {access:?}");
        }
    }

    #[test]
    fn a_decommitted_page_is_denied_though_its_vad_is_committed() {
        let pte = Pte::DemandZero(Protection::DECOMMITTED);
        assert_eq!(of(pte, Access::Read, Backing::Private(RW)), Err(Denied));
    }

    #[test]
    fn a_valid_page_is_denied_copied_or_retried() {
        let rows = [
            (Protection::READWRITE, Access::Write, Ok(Plan::Retry)),
            (Protection::READONLY, Access::Read, Ok(Plan::Retry)),
            (Protection::READONLY, Access::Write, Err(Denied)),
            (Protection::READWRITE, Access::Execute, Err(Denied)),
            (Protection::EXECUTE_READ, Access::Execute, Ok(Plan::Retry)),
            (Protection::WRITECOPY, Access::Write, Ok(Plan::CopyOnWrite(FRAME))),
            (Protection::EXECUTE_WRITECOPY, Access::Write, Ok(Plan::CopyOnWrite(FRAME))),
        ];
        for (protection, access, expected) in rows {
            assert_eq!(of(valid(protection), access, Backing::Nothing), expected, "{protection:?} {access:?}");
        }
    }

    #[test]
    fn without_nx_whatever_may_be_read_may_be_executed() {
        assert_eq!(plan(valid(RW), Access::Execute, 0, || Backing::Nothing), Ok(Plan::Retry));
        let untouched = plan(Pte::DemandZero(RW), Access::Execute, 0, || Backing::Nothing);
        assert_eq!(untouched, Ok(Plan::DemandZero(RW)));
    }

    #[test]
    fn a_page_in_transition_needs_no_disk() {
        let pte = Pte::Transition(FRAME, RW);
        assert_eq!(of(pte, Access::Write, Backing::Nothing), Ok(Plan::SoftFault(FRAME, RW)));
        assert_eq!(of(Pte::Transition(FRAME, Protection::NOACCESS), Access::Read, Backing::Nothing), Err(Denied));
    }

    #[test]
    fn a_protection_of_its_own_overrides_the_view() {
        let cell = Link::new(0xA000_0008);
        let backing = Backing::Shared(cell, None);
        assert_eq!(of(Pte::LookInVad(Protection::READONLY), Access::Write, backing), Err(Denied));
        let read = of(Pte::LookInVad(Protection::READONLY), Access::Read, backing);
        assert_eq!(read, Ok(Plan::Shared(cell, Some(Protection::READONLY))));
    }
}
