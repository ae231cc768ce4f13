//! Single pages of a VAD: are they committed, what do they allow, and how that is changed.

use crate::MemoryManager;
use crate::address_space::AddressSpace;
use crate::fault::plan::Backing;
use crate::frame::Flags;
use crate::layout::{FrameNumber, VirtualPage};
use crate::machine::Machine;
use crate::protection::Protection;
use crate::pte::{
    ACCESSED, CACHE_DISABLE, COPY_ON_WRITE, DIRTY, PROTOTYPE, PagingFilePage, Pte, PteCell, ValidPte, WRITE,
    WRITE_THROUGH, pte_of, software_protection, with_software_protection,
};
use crate::vad::{VadFlags, VadLink};

/// Bits of a valid entry that say what it allows.
const PERMISSIONS: u64 = WRITE | COPY_ON_WRITE | CACHE_DISABLE | WRITE_THROUGH | crate::pte::NO_EXECUTE;

/// What protects a page of a view whose process has changed nothing.
#[derive(Clone, Copy)]
pub(crate) enum Inherited {
    /// In an image, what the page's own prototype PTE says.
    FromPage(Protection),
    /// In memory that is shared as such, what the view was mapped with.
    FromView(Protection),
}

impl Inherited {
    /// The protection, wherever it comes from.
    pub(crate) const fn protection(self) -> Protection {
        match self {
            Self::FromPage(protection) | Self::FromView(protection) => protection,
        }
    }
}

impl<M: Machine> AddressSpace<'_, M> {
    /// What protects `page` of the view `vad` where nothing else is said.
    #[inline]
    pub(crate) fn inherited(&self, vad: VadLink, page: VirtualPage) -> Inherited {
        let flags = self.vads().node(vad).flags();
        if !flags.has(VadFlags::IMAGE_MAP) {
            // A guard is off before a page of the view is mapped.
            return Inherited::FromView(flags.protection().without_guard());
        }
        self.inherited_from_page(vad, page)
    }

    #[inline(never)]
    fn inherited_from_page(&self, vad: VadLink, page: VirtualPage) -> Inherited {
        let own = self.prototype_of(vad, page).map(|cell| self.mm.prototype_protection(cell));
        Inherited::FromPage(own.unwrap_or(Protection::NOACCESS))
    }

    /// The decoded PTE of `page`.
    #[inline]
    pub(crate) fn decode(&self, page: VirtualPage) -> Pte {
        self.pte(page).map_or(Pte::Empty, |cell| Pte::decode(cell.load()))
    }

    /// The protection of `page`, which `vad` covers, where it is committed.
    #[doc(alias = "MiQueryAddressState")]
    pub(crate) fn committed_protection(&self, vad: VadLink, page: VirtualPage) -> Option<Protection> {
        self.protection_of(vad, page, self.decode(page))
    }

    /// The same, given the page's PTE.
    pub(crate) fn protection_of(&self, vad: VadLink, page: VirtualPage, pte: Pte) -> Option<Protection> {
        match pte {
            Pte::Empty => match self.backing_in(vad, page) {
                Backing::Private(protection)
                | Backing::Shared(_, Some(protection))
                | Backing::Physical(_, protection) => Some(protection),
                Backing::Shared(cell, None) => Some(self.mm.prototype_protection(cell)),
                Backing::Reserved | Backing::Nothing => None,
            },
            Pte::DemandZero(Protection::DECOMMITTED) => None,
            Pte::DemandZero(protection)
            | Pte::Transition(_, protection)
            | Pte::PagingFile(PagingFilePage { protection, .. })
            | Pte::LookInVad(protection) => Some(protection),
            Pte::Prototype(cell, Protection::ZERO) => Some(self.mm.prototype_protection(cell)),
            Pte::Prototype(_, protection) => Some(protection),
            Pte::Valid(valid) if valid.has(PROTOTYPE) => {
                Some(self.mm.shared_protection(valid, self.inherited(vad, page).protection()))
            }
            Pte::Valid(_) if self.vads().node(vad).flags().has(VadFlags::PHYSICAL_MAPPING) => {
                Some(self.vads().node(vad).flags().protection())
            }
            Pte::Valid(valid) => Some(software_protection(self.mm.frame(valid.frame()).original_pte.get())),
        }
    }

    /// Gives `page` of a private VAD, committed, the protection `new`.
    #[doc(alias = "MiSetProtectionOnSection")]
    pub(crate) fn protect_private_page(&self, page: VirtualPage, new: Protection) {
        let Some(cell) = self.pte(page) else { return };
        match Pte::decode(cell.load()) {
            Pte::Valid(valid) => self.protect_valid_page(page, valid, new),
            Pte::Transition(frame, _) => {
                self.mm.set_original_protection(frame, new);
                cell.store(Pte::Transition(frame, new).encode());
            }
            Pte::PagingFile(place) => cell.store(Pte::PagingFile(PagingFilePage { protection: new, ..place }).encode()),
            Pte::Empty => {
                cell.store(Pte::DemandZero(new).encode());
                self.entry_filled(page);
            }
            Pte::DemandZero(_) | Pte::Prototype(..) | Pte::LookInVad(_) => cell.store(Pte::DemandZero(new).encode()),
        }
    }

    /// Makes `cell`, the entry of the private page `page`, which is `valid` and cached, allow what `new` does: those are the bits of `permissions`.
    #[inline(always)]
    pub(super) fn change_permissions(
        &self,
        page: VirtualPage,
        cell: &PteCell,
        valid: ValidPte,
        permissions: ValidPte,
        new: Protection,
    ) {
        let old = ValidPte(self.mm.machine.exchange(cell, valid.with_permissions(permissions).0));
        self.mm.machine.flush(page);
        let record = self.mm.frame(old.frame());
        let original = &record.original_pte.low;
        original.set(with_software_protection(u64::from(original.get()), new) as u32);
        if old.has(DIRTY) {
            record.insert_flags(Flags::MODIFIED);
        }
    }

    /// A protection that forbids everything, or guards, takes the page out of reach: into transition.
    fn protect_valid_page(&self, page: VirtualPage, valid: ValidPte, new: Protection) {
        let frame = valid.frame();
        let cell = self.mm.machine.record(pte_of(page));
        self.mm.set_original_protection(frame, new);
        if new.denies_all() || new.is_guard() {
            let old = self.mm.machine.exchange(cell, Pte::Transition(frame, new).encode());
            self.mm.machine.flush(page);
            self.leave_dirt(frame, ValidPte(old));
            self.keep_write(page, ValidPte(old));
            self.page_leaves(page, self.mm.frame(frame));
            self.mm.release_share(frame);
        } else {
            let kept = valid.0 & (ACCESSED | DIRTY);
            let entry = ValidPte::user(frame, new, self.mm.no_execute).with(kept);
            let old = self.mm.machine.exchange(cell, entry.0);
            self.mm.machine.flush(page);
            self.leave_dirt(frame, ValidPte(old));
            self.mm.caching_changes(frame, valid, new);
        }
    }

    /// Gives `page` of a view the protection `new`.
    pub(crate) fn protect_view_page(&self, vad: VadLink, page: VirtualPage, new: Protection) {
        let Some(cell) = self.pte(page) else { return };
        let pte = Pte::decode(cell.load());
        match pte {
            Pte::Valid(valid) if valid.has(PROTOTYPE) => self.protect_shared_page(vad, page, valid, new),
            Pte::Empty | Pte::LookInVad(_) | Pte::Prototype(..) => {
                cell.store(Pte::LookInVad(new).encode());
                if pte == Pte::Empty {
                    self.entry_filled(page);
                }
            }
            Pte::Valid(_) | Pte::DemandZero(_) | Pte::Transition(..) | Pte::PagingFile(_) => {
                self.protect_private_page(page, new.without_copy_on_write());
            }
        }
    }

    fn protect_shared_page(&self, vad: VadLink, page: VirtualPage, valid: ValidPte, new: Protection) {
        let frame = valid.frame();
        let cell = self.mm.machine.record(pte_of(page));
        let inherited = self.inherited(vad, page);
        if !new.denies_all() && !new.is_guard() && self.mm.may_stay_shared(new, inherited) {
            let entry = ValidPte::user(frame, new, self.mm.no_execute).with(PROTOTYPE | valid.0 & DIRTY);
            let old = self.mm.machine.exchange(cell, entry.0);
            self.mm.machine.flush(page);
            self.leave_dirt(frame, ValidPte(old));
            self.mm.caching_changes(frame, valid, new);
            return;
        }
        let old = ValidPte(self.mm.machine.exchange(cell, Pte::LookInVad(new).encode()));
        self.mm.machine.flush(page);
        self.leave_dirt(frame, old);
        self.page_leaves(page, self.mm.frame(frame));
        self.mm.release_share(frame);
        if let Some(table) = self.table(page) {
            self.mm.release_share(table);
        }
    }

    /// Keeps in the frame's record what the processor noted in an entry that goes.
    #[inline]
    pub(crate) fn leave_dirt(&self, frame: FrameNumber, old: ValidPte) {
        if old.has(DIRTY) {
            self.mm.frame(frame).insert_flags(Flags::MODIFIED);
        }
    }
}

impl<M: Machine> MemoryManager<M> {
    pub(crate) fn set_original_protection(&self, frame: FrameNumber, protection: Protection) {
        let original = &self.frame(frame).original_pte;
        original.set(with_software_protection(original.get(), protection));
    }

    /// The protection behind the valid entry of a shared page that inherits the protection `own`: that, unless the bits say
    /// something else.
    #[inline(always)]
    pub(crate) fn shared_protection(&self, valid: ValidPte, own: Protection) -> Protection {
        let expected = ValidPte::user(valid.frame(), own, self.no_execute);
        if (valid.0 ^ expected.0) & PERMISSIONS == 0 { own } else { self.told_protection(valid.as_protected(), own) }
    }

    /// The nearest protection that the bits of `valid` tell, which is not `own` unless they were changed at a fetch (T4).
    #[cold]
    #[inline(never)]
    fn told_protection(&self, valid: ValidPte, own: Protection) -> Protection {
        let expected = ValidPte::user(valid.frame(), own, self.no_execute);
        if (valid.0 ^ expected.0) & PERMISSIONS == 0 {
            return own;
        }
        let executable = if self.no_execute == 0 { own.is_executable() } else { !valid.has(crate::pte::NO_EXECUTE) };
        let access = match (valid.has(COPY_ON_WRITE), valid.has(WRITE)) {
            (true, _) => Protection::WRITECOPY,
            (_, true) => Protection::READWRITE,
            (false, false) => Protection::READONLY,
        };
        let caching = match (valid.has(CACHE_DISABLE), valid.has(WRITE_THROUGH)) {
            (false, _) => 0,
            (true, false) => 0x08,
            (true, true) => 0x18,
        };
        Protection::from_code(access.code() | if executable { 2 } else { 0 } | caching)
    }

    /// Whether a page of a view that inherits `inherited` and whose PTE is `pte` is charged to the process beyond what the view
    /// as a whole is charged (M3): it is the process's own, or may become so.
    pub(crate) fn view_page_is_charged(&self, inherited: Inherited, pte: Pte) -> bool {
        let own = inherited.protection();
        let may_be_copied = |protection: Protection| {
            let stays = protection.denies_all() || self.may_stay_shared(protection.without_guard(), inherited);
            protection.is_copy_on_write() || !stays
        };
        !own.is_copy_on_write()
            && match pte {
                Pte::Empty | Pte::Prototype(_, Protection::ZERO) => false,
                Pte::LookInVad(protection) | Pte::Prototype(_, protection) => may_be_copied(protection),
                Pte::Valid(valid) if valid.has(PROTOTYPE) => may_be_copied(self.shared_protection(valid, own)),
                Pte::Valid(_) | Pte::DemandZero(_) | Pte::Transition(..) | Pte::PagingFile(_) => true,
            }
    }

    /// Whether a page under `protection` may be mapped from where all have it. In an image only if the valid entry can be read
    /// back; where it cannot (no NX, EXECUTE against EXECUTE_READ), the process gets a copy, whose frame remembers. Memory that
    /// is shared as such stays shared, and the nearest protection is read back.
    pub(crate) fn may_stay_shared(&self, protection: Protection, inherited: Inherited) -> bool {
        let Inherited::FromPage(own) = inherited else { return true };
        let entry = ValidPte::user(FrameNumber(0), protection, self.no_execute);
        self.shared_protection(entry, own) == protection
    }
}
