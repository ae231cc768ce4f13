//! Making a process: what the programs of the plan and NtCreateProcessEx share. A process made here has an address space with
//! its image, ntdll and a PEB in it, and handles; it has neither parameters nor a thread.
//!
//! Whatever there is of a process when something fails goes with its last reference, as it does at the end of its life.
//!
//! Source: documented parameters of NtCreateProcessEx; the PEB's contents as XP SP3 shows them.

use core::mem::offset_of;

use abi::cell::{Field, Link};
use abi::nt::file::FileObject;
use abi::nt::peb::Peb;
use abi::nt::process::{Eprocess, process_flags};
use abi::nt::section::SectionObject;
use abi::status::NtStatus;
use mm::layout::{HIGHEST_VAD_ADDRESS, VirtualAddress};
use mm::section::{ImageInformation, Place};

use crate::executive::Executive;
use crate::platform::Platform;
use crate::priority::PriorityClass;

/// Whether a new process gets copies of its parent's inheritable handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inheritance {
    /// It begins without handles.
    Nothing,
    /// It gets them, under the same numbers.
    Handles,
}

/// Bytes of an image's name that a process keeps, without the zero behind it.
const SHORT_NAME: usize = 15;

impl<P: Platform> Executive<P> {
    /// A process that is to run the image of `section`, as a child of `parent`. The caller gets the reference to it.
    ///
    /// # Errors
    /// SECTION_NOT_IMAGE; CONFLICTING_ADDRESSES where ntdll has no room; INSUFFICIENT_RESOURCES, NO_MEMORY, COMMITMENT_LIMIT.
    #[doc(alias = "PspCreateProcess")]
    pub(crate) fn create_process(
        &self,
        parent: Link<Eprocess>,
        section: Link<SectionObject>,
        inheritance: Inheritance,
    ) -> Result<Link<Eprocess>, NtStatus> {
        let process = self.objects().create::<Eprocess>()?;
        let built = self
            .describe_process(process)
            .and_then(|()| self.give_token(process, parent))
            .and_then(|()| self.join_console(process, parent))
            .and_then(|()| self.give_handles(process, parent, inheritance))
            .and_then(|()| self.give_image(process, parent, section));
        match built {
            Ok(()) => Ok(process),
            Err(status) => {
                self.release(process);
                Err(status)
            }
        }
    }

    /// Number, times, and what the scheduler keeps of a process, and an empty address space.
    fn describe_process(&self, process: Link<Eprocess>) -> Result<(), NtStatus> {
        let id = self.identifiers.take().ok_or(NtStatus::INSUFFICIENT_RESOURCES)?;
        self.name_process(process, id);
        self.begin_execution_options(process);
        self.mm().create_address_space(process)?;
        let ready = process_flags::HAS_ADDRESS_SPACE | process_flags::ADDRESS_SPACE_INITIALIZED;
        self.machine_record(process).flags.update(|flags| flags | ready);
        self.enlist_process(process);
        Ok(())
    }

    fn give_handles(
        &self,
        process: Link<Eprocess>,
        parent: Link<Eprocess>,
        inheritance: Inheritance,
    ) -> Result<(), NtStatus> {
        let record = self.machine_record(process);
        let table = self.objects().create_handle_table(process, record.unique_process_id.get())?;
        record.object_table.set(table);
        if inheritance == Inheritance::Handles
            && let Some(from) = self.machine_record(parent).object_table.get().some()
        {
            self.objects().handles(table).inherit(&self.objects().handles(from))?;
        }
        Ok(())
    }

    fn give_image(
        &self,
        process: Link<Eprocess>,
        parent: Link<Eprocess>,
        section: Link<SectionObject>,
    ) -> Result<(), NtStatus> {
        let (record, parent) = (self.machine_record(process), self.machine_record(parent));
        self.objects().reference(section);
        record.section_object.set(section.address());
        let control_area = self.control_area_of(section);
        self.heed_image(process, control_area);
        self.take_name(process, self.machine_record(control_area).file_pointer.get());
        record.inherited_from_unique_process_id.set(parent.unique_process_id.get());
        let class = PriorityClass::inherited(parent.priority_class.get());
        record.priority_class.set(class as u8);
        record.pcb.base_priority.set(class.base_priority());
        let before = self.current_process();
        self.attach(process);
        let mapped = self.map_program(process, section);
        self.attach(before);
        mapped
    }

    /// Keeps the last part of the name of `file`, as far as there is room.
    fn take_name(&self, process: Link<Eprocess>, file: Link<FileObject>) {
        let name = &self.machine_record(file).file_name;
        let units = u32::from(name.length.get()) / 2;
        let unit = |index: u32| self.machine_record(Link::<Field<u16>>::new(name.buffer.get() + index * 2)).get();
        let start = (0..units).rev().find(|index| unit(*index) == u16::from(b'\\')).map_or(0, |index| index + 1);
        let cells = &self.machine_record(process).image_file_name;
        for (cell, index) in cells.iter().take(SHORT_NAME).zip(start..units) {
            // Tools take the name for single bytes.
            cell.set(u8::try_from(unit(index)).unwrap_or(b'?'));
        }
    }

    /// Maps image and ntdll into `process`, the current one, and makes its PEB.
    #[doc(alias = "MmInitializeProcessAddressSpace")]
    fn map_program(&self, process: Link<Eprocess>, section: Link<SectionObject>) -> Result<(), NtStatus> {
        let ntdll = self.ntdll.get().ok_or(NtStatus::DLL_NOT_FOUND)?;
        let space = self.mm().address_space(process);
        let control_area = self.control_area_of(section);
        let base = space.map_image(control_area, None)?.start.address().0;
        self.machine_record(process).section_base_address.set(base);
        if space.map_image(self.control_area_of(ntdll.section), None)?.place != Place::AtBase {
            return Err(NtStatus::CONFLICTING_ADDRESSES);
        }
        let peb = space.allocate_block(VirtualAddress(HIGHEST_VAD_ADDRESS).page())?.address().0;
        self.write_peb(peb, base, self.mm().image_information(control_area))?;
        self.machine_record(process).peb.set(peb);
        Ok(())
    }

    #[doc(alias = "MmCreatePeb")]
    fn write_peb(&self, peb: u32, base: u32, image: &ImageInformation) -> Result<(), NtStatus> {
        let version = image.subsystem_version.get();
        let words = [
            (offset_of!(Peb, mutant), u32::MAX),
            (offset_of!(Peb, image_base_address), base),
            (offset_of!(Peb, number_of_processors), 1),
            (offset_of!(Peb, heap_segment_reserve), 0x10_0000),
            (offset_of!(Peb, heap_segment_commit), 0x2000),
            (offset_of!(Peb, heap_decommit_total_free_threshold), 0x1_0000),
            (offset_of!(Peb, heap_decommit_free_block_threshold), 0x1000),
            (offset_of!(Peb, os_major_version), 5),
            (offset_of!(Peb, os_minor_version), 1),
            (offset_of!(Peb, os_build_number), 2600 | 0x300 << 16),
            (offset_of!(Peb, os_platform_id), 2),
            (offset_of!(Peb, image_subsystem), image.subsystem.get()),
            (offset_of!(Peb, image_subsystem_major_version), version >> 16),
            (offset_of!(Peb, image_subsystem_minor_version), version & 0xFFFF),
            (offset_of!(Peb, image_process_affinity_mask), 1),
        ];
        words.into_iter().try_for_each(|(offset, word)| self.write_word(peb + offset as u32, word))
    }
}
