"""Where the fields of NT's structures stand: by the kernel's debugging information, held against Windows XP SP3's own offsets.

A structure that the kernel's DWARF has is read by it; one that it lacks, because the compiler left nothing of it, by XP's offsets.
`differences` tells where the two do not agree. Source of the offsets: symbol types of XP SP3 (PAE).
"""

import re

import gdb

from .memory import Problem


class Structure:
    """A structure by its name in NT and in the kernel's source, its size and its fields: `name: (offset, bytes)`. Without fields it
    is the kernel's own, which only DWARF knows."""

    known = []

    def __init__(self, name, source, size=None, fields=None):
        self.name, self.source, self.size, self.fields = name, source, size, fields
        self._dwarf, self._places = None, {}
        if fields is not None:
            Structure.known.append(self)

    def dwarf(self):
        """The type in the kernel's debugging information, or None."""
        if self._dwarf is None:
            try:
                self._dwarf = gdb.lookup_type(self.source)
            except gdb.error:
                return None
        return self._dwarf

    def place(self, field):
        """Offset and size of a field, such as `vm.working_set_size` or `quota_usage[1]`."""
        if field not in self._places:
            found = self.dwarf() and place_in(self.dwarf(), field)
            found = found or (self.fields or {}).get(field)
            if found is None:
                raise Problem(f"the kernel's debugging information has no {self.name}.{field}")
            self._places[field] = found
        return self._places[field]

    def bytes(self):
        return self.size if self.size is not None else self.dwarf().sizeof

    def at(self, space, address):
        return Record(self, space, address)


class Record:
    """A structure somewhere in an address space; its fields are read when they are asked for."""

    def __init__(self, structure, space, address):
        self.structure, self.space, self.address = structure, space, address & 0xFFFFFFFF

    def get(self, field):
        """The number in a field, or None where it cannot be read."""
        offset, size = self.structure.place(field)
        return self.space.number((self.address + offset) & 0xFFFFFFFF, size)

    def __getitem__(self, field):
        found = self.get(field)
        if found is None:
            raise Problem(f"{self.structure.name}.{field} at {self.address:08x} cannot be read")
        return found

    def address_of(self, field):
        return (self.address + self.structure.place(field)[0]) & 0xFFFFFFFF

    def text(self, field, most=0x1000):
        """The characters of a UNICODE_STRING, or None where the string itself cannot be read."""
        at = self.address_of(field)
        length, buffer = self.space.number(at, 2), self.space.number(at + 4)
        if length is None or buffer is None:
            return None
        return self.space.text(buffer, min(length // 2, most))


def place_in(kind, path):
    """Offset and size of a field of a type, or None where it has no such field."""
    offset = 0
    for name, index in re.findall(r"(\w+)(?:\[(\d+)\])?", path):
        kind = kind.strip_typedefs()
        field = next((field for field in kind.fields() if field.name == name), None)
        if field is None:
            return None
        offset, kind = offset + field.bitpos // 8, field.type.strip_typedefs()
        if index:
            kind = kind.target()
            offset += int(index) * kind.sizeof
    return offset, kind.sizeof


def differences():
    """Where the kernel's debugging information and XP's offsets do not agree, a line each; and how many fields do."""
    lines, agreeing = [], 0
    for structure in Structure.known:
        kind = structure.dwarf()
        if kind is None:
            continue
        if kind.sizeof != structure.size:
            lines.append(f"{structure.name} has {kind.sizeof:#x} bytes, not {structure.size:#x}")
        for field, expected in structure.fields.items():
            found = place_in(kind, field)
            if found == expected:
                agreeing += 1
            else:
                lines.append(f"{structure.name}.{field} is at {found}, not {expected}")
    return lines, agreeing


def words(offsets):
    """Fields of four bytes: `{"name": offset}`."""
    return {name: (offset, 4) for name, offset in offsets.items()}


LIST_ENTRY = Structure("_LIST_ENTRY", "abi::nt::list::ListEntry", 8, words({"flink": 0, "blink": 4}))
UNICODE_STRING = Structure(
    "_UNICODE_STRING", "abi::nt::string::UnicodeString", 8, {"length": (0, 2), "maximum_length": (2, 2), "buffer": (4, 4)}
)
EPROCESS = Structure("_EPROCESS", "abi::nt::process::Eprocess", 0x260, {
    **words({
        "pcb.directory_table_base[0]": 0x18, "pcb.kernel_time": 0x38, "pcb.user_time": 0x3C, "unique_process_id": 0x84,
        "quota_usage[0]": 0x90, "quota_usage[1]": 0x94, "commit_charge": 0xA8, "peak_virtual_size": 0xAC, "virtual_size": 0xB0,
        "object_table": 0xC4, "token": 0xC8, "vad_root": 0x11C, "clone_root": 0x124, "number_of_private_pages": 0x128,
        "number_of_locked_pages": 0x12C, "inherited_from_unique_process_id": 0x14C, "device_map": 0x15C, "session": 0x170,
        "pae_top": 0x19C, "peb": 0x1B0, "awe_info": 0x1F0, "vm.flags": 0x200, "vm.page_fault_count": 0x204,
        "vm.peak_working_set_size": 0x208, "vm.working_set_size": 0x20C, "vm.minimum_working_set_size": 0x210,
        "vm.maximum_working_set_size": 0x214, "modified_page_count": 0x23C, "number_of_vads": 0x240, "flags": 0x248,
    }),
    "pcb.base_priority": (0x62, 1), "create_time": (0x70, 8), "active_process_links": (0x88, 8), "image_file_name": (0x174, 16),
    "thread_list_head": (0x190, 8),
})
ETHREAD = Structure("_ETHREAD", "abi::nt::thread::Ethread", 0x258, {
    **words({
        "tcb.initial_stack": 0x18, "tcb.stack_limit": 0x1C, "tcb.teb": 0x20, "tcb.kernel_stack": 0x28,
        "tcb.apc_state.process": 0x44, "tcb.context_switches": 0x4C, "tcb.wait_block_list": 0x5C, "tcb.wait_time": 0x68,
        "tcb.kernel_time": 0x144, "tcb.user_time": 0x148, "tcb.stack_base": 0x168, "cid.unique_process": 0x1EC,
        "cid.unique_thread": 0x1F0, "threads_process": 0x220, "start_address": 0x224, "win32_start_address": 0x228,
    }),
    "tcb.state": (0x2D, 1), "tcb.priority": (0x33, 1), "tcb.wait_mode": (0x59, 1), "tcb.wait_reason": (0x5B, 1),
    "tcb.base_priority": (0x6C, 1), "tcb.decrement_count": (0x6D, 1), "tcb.priority_decrement": (0x6E, 1),
    "tcb.timer": (0xF0, 0x28), "thread_list_entry": (0x22C, 8),
})
KWAIT_BLOCK = Structure(
    "_KWAIT_BLOCK", "abi::nt::dispatcher::KwaitBlock", 0x18, words({"object": 0xC, "next_wait_block": 0x10})
)
DISPATCHER_HEADER = Structure("_DISPATCHER_HEADER", "abi::nt::dispatcher::DispatcherHeader", 0x10, {"kind": (0, 1)})
MMVAD_SHORT = Structure("_MMVAD_SHORT", "mm::vad::node::MmvadShort", 0x18, words({
    "starting_vpn": 0, "ending_vpn": 4, "parent": 8, "left_child": 0xC, "right_child": 0x10, "flags": 0x14,
}))
MMVAD = Structure("_MMVAD", "mm::vad::node::Mmvad", 0x28, words({
    "control_area": 0x18, "first_prototype_pte": 0x1C, "last_contiguous_pte": 0x20, "flags2": 0x24,
}))
MMVAD_LONG = Structure("_MMVAD_LONG", "mm::vad::node::MmvadLong", 0x34, words({
    "secured[0]": 0x28, "secured[1]": 0x2C, "extended": 0x30,
}))
MMPFN = Structure("_MMPFN", "mm::frame::record::Mmpfn", 0x1C, {
    "u1": (0, 4), "pte_address": (4, 4), "u2": (8, 4), "e1": (0xC, 2), "reference_count": (0xE, 2), "original_pte": (0x10, 8),
    "u4": (0x18, 4),
})
CONTROL_AREA = Structure("_CONTROL_AREA", "mm::section::records::ControlArea", 0x30, {
    **words({
        "segment": 0, "dereference_list[0]": 4, "dereference_list[1]": 8, "number_of_section_references": 0xC,
        "number_of_pfn_references": 0x10, "number_of_mapped_views": 0x14, "number_of_user_references": 0x1C, "flags": 0x20,
        "file_pointer": 0x24, "waiting_for_deletion": 0x28,
    }),
    "number_of_subsections": (0x18, 2), "flush_in_progress_count": (0x1A, 2), "modified_write_count": (0x2C, 2),
    "number_of_system_cache_views": (0x2E, 2),
})
SEGMENT = Structure("_SEGMENT", "mm::section::records::Segment", 0x40, {
    **words({
        "control_area": 0, "total_number_of_ptes": 4, "non_extended_ptes": 8, "writable_user_references": 0xC,
        "number_of_committed_pages": 0x20, "system_image_base": 0x28, "based_address": 0x2C, "image_commitment": 0x30,
        "image_information": 0x34, "prototype_pte": 0x38,
    }),
    "size_of_segment": (0x10, 8), "segment_pte_template": (0x18, 8),
})
SUBSECTION = Structure("_SUBSECTION", "mm::section::records::Subsection", 0x20, words({
    "control_area": 0, "flags": 4, "starting_sector": 8, "number_of_full_sectors": 0xC, "subsection_base": 0x10,
    "unused_ptes": 0x14, "ptes_in_subsection": 0x18, "next_subsection": 0x1C,
}))
FILE_OBJECT = Structure(
    "_FILE_OBJECT", "abi::nt::file::FileObject", 0x70, {"kind": (0, 2), "device_object": (4, 4), "file_name": (0x30, 8)}
)
OBJECT_HEADER = Structure("_OBJECT_HEADER", "abi::nt::object::ObjectHeader", 0x18, {
    "pointer_count": (0, 4), "handle_count": (4, 4), "object_type": (8, 4), "name_info_offset": (0xC, 1),
})
OBJECT_HEADER_NAME_INFO = Structure(
    "_OBJECT_HEADER_NAME_INFO", "abi::nt::name_space::ObjectHeaderNameInfo", 0x10, {"directory": (0, 4), "name": (4, 8)}
)
OBJECT_TYPE = Structure("_OBJECT_TYPE", "abi::nt::object::ObjectType", 0x190, {"name": (0x40, 8)})
HANDLE_TABLE = Structure("_HANDLE_TABLE", "abi::nt::object::HandleTable", 0x44, words({
    "table_code": 0, "next_handle_needing_pool": 0x38, "handle_count": 0x3C,
}))
PEB = Structure("_PEB", "abi::nt::peb::Peb", 0x210, {
    **words({
        "image_base_address": 8, "ldr": 0xC, "process_parameters": 0x10, "sub_system_data": 0x14, "process_heap": 0x18,
    }),
    "inherited_address_space": (0, 1), "read_image_file_exec_options": (1, 1), "being_debugged": (2, 1),
})
PEB_LDR_DATA = Structure("_PEB_LDR_DATA", "abi::nt::peb::PebLdrData", 0x28, {
    "initialized": (4, 1), "in_load_order_module_list": (0xC, 8), "in_memory_order_module_list": (0x14, 8),
    "in_initialization_order_module_list": (0x1C, 8),
})
LDR_DATA_TABLE_ENTRY = Structure("_LDR_DATA_TABLE_ENTRY", "abi::nt::peb::LdrDataTableEntry", 0x50, {
    "dll_base": (0x18, 4), "entry_point": (0x1C, 4), "size_of_image": (0x20, 4), "full_dll_name": (0x24, 8),
    "base_dll_name": (0x2C, 8), "flags": (0x34, 4), "load_count": (0x38, 2), "tls_index": (0x3A, 2),
    "time_date_stamp": (0x44, 4),
})
# XP's ends at 0x290; the size of the environment behind it is Vista's.
PROCESS_PARAMETERS = Structure("_RTL_USER_PROCESS_PARAMETERS", "abi::nt::peb::RtlUserProcessParameters", 0x294, {
    "dll_path": (0x30, 8), "image_path_name": (0x38, 8), "command_line": (0x40, 8), "environment": (0x48, 4),
    "window_title": (0x70, 8), "environment_size": (0x290, 4),
})
TEB = Structure("_TEB", "abi::nt::teb::Teb", 0xFB8, words({
    "nt_tib.exception_list": 0, "nt_tib.stack_base": 4, "nt_tib.stack_limit": 8, "nt_tib.sub_system_tib": 0xC,
    "nt_tib.fiber_data": 0x10, "nt_tib.arbitrary_user_pointer": 0x14, "nt_tib.self_pointer": 0x18, "environment_pointer": 0x1C,
    "client_id.unique_process": 0x20, "client_id.unique_thread": 0x24, "active_rpc_handle": 0x28,
    "thread_local_storage_pointer": 0x2C, "process_environment_block": 0x30, "last_error_value": 0x34,
    "count_of_owned_critical_sections": 0x38, "last_status_value": 0xBF4,
}))
PAGING_FILE = Structure("_MMPAGING_FILE", "mm::paging_file::PagingFile", 0x44, {
    **words({"size": 0, "maximum_size": 4, "minimum_size": 8, "free_space": 0xC}), "page_file_name": (0x30, 8),
})

# The kernel's own, which keep the heads of NT's lists.
MEMORY_MANAGER = Structure("MemoryManager", "mm::MemoryManager<vadose_kernel::machine::Hardware>")
EXECUTIVE = Structure("Executive", "ps::executive::Executive<vadose_kernel::machine::Hardware>")
