"""`ca`: a control area, its segment and its subsections."""

from . import layout
from .command import command, show
from .memory import Problem
from .pte import protection_name
from .system import HIGHEST_USER_ADDRESS
from .vad import control_area, find

# Bits of _MMSECTION_FLAGS.
FLAGS = {
    0: "BeingDeleted", 1: "BeingCreated", 2: "BeingPurged", 3: "NoModifiedWriting", 4: "FailAllIo", 5: "Image", 6: "Based", 7: "File",
    8: "Networked", 9: "NoCache", 10: "PhysicalMemory", 11: "CopyOnWrite", 12: "Reserve", 13: "Commit", 15: "WasPurged",
    16: "UserReference", 17: "GlobalMemory", 18: "DeleteOnClose", 19: "FilePointerNull", 22: "CollidedFlush", 23: "NoChange",
    24: "HadUserReference", 25: "ImageMappedInSystemSpace", 26: "UserWritable", 27: "Accessed", 28: "GlobalOnlyPerSession", 29: "Rom",
}


@command("ca")
def show_control_area(system, words):
    """ca ADDRESS: a control area, or that of the view at an address of the process. The kernel debugger's !ca."""
    address = words.address("ca needs the address of a control area")
    words.end()
    if address <= HIGHEST_USER_ADDRESS:
        node = find(system, system.process(), address >> 12)
        area = control_area(system, node) if node and not node.private else None
        if area is None:
            raise Problem("there is no view of a section there")
    else:
        area = next((area for area in system.control_areas() if area.address == address), None)
        if area is None:
            raise Problem("there is no control area there")
    segment = system.record(layout.SEGMENT, area["segment"])
    if segment is None:
        raise Problem("its segment is not there")
    show_head(system, area)
    show_segment(segment)
    address = area.address + layout.CONTROL_AREA.bytes()
    for number in range(1, area["number_of_subsections"] + 1):
        subsection = system.record(layout.SUBSECTION, address)
        show(f"Subsection {number} @ {address:08x}")
        if subsection is None:
            return show("  ????????")
        show_subsection(subsection)
        address = subsection["next_subsection"]


def show_head(system, area):
    flags = area["flags"]
    show(f"\nControlArea  @ {area.address:08x}")
    show(f"  Segment      {area['segment']:08x}  Flink      {area['dereference_list[0]']:08x}  "
         f"Blink        {area['dereference_list[1]']:08x}")
    show(f"  Section Ref  {area['number_of_section_references']:8x}  Pfn Ref    {area['number_of_pfn_references']:8x}  "
         f"Mapped Views {area['number_of_mapped_views']:8x}")
    show(f"  User Ref     {area['number_of_user_references']:8x}  WaitForDel {area['waiting_for_deletion']:8x}  "
         f"Flush Count  {area['flush_in_progress_count']:8x}")
    show(f"  File Object  {area['file_pointer']:08x}  ModWriteCount{area['modified_write_count']:6x}  "
         f"System Views {area['number_of_system_cache_views']:8x}")
    show(f"  Flags ({flags:x}) " + "".join(f"{name} " for bit, name in FLAGS.items() if flags >> bit & 1))
    show(f"\n      {system.file_name(area) or 'No Name for File'}\n")


def show_segment(segment):
    show(f"Segment @ {segment.address:08x}")
    show(f"  ControlArea  {segment['control_area']:08x}  Total Ptes {segment['total_number_of_ptes']:8x}  "
         f"NonExtendPtes{segment['non_extended_ptes']:8x}")
    show(f"  WriteUserRef {segment['writable_user_references']:8x}  Size       {segment['size_of_segment']:8x}  "
         f"Committed    {segment['number_of_committed_pages']:8x}")
    show(f"  Based Addr   {segment['based_address']:08x}  Image Base {segment['system_image_base']:08x}  "
         f"Image Commit {segment['image_commitment']:8x}")
    show(f"  Image Info   {segment['image_information']:08x}  ProtoPtes  {segment['prototype_pte']:08x}  "
         f"PTE Template {segment['segment_pte_template']:016X}\n")


def show_subsection(subsection):
    flags = subsection["flags"]
    code = flags >> 4 & 0x1F
    show(f"  ControlArea  {subsection['control_area']:08x}  Starting Sector {subsection['starting_sector']:8x}  "
         f"Number Of Sectors {subsection['number_of_full_sectors']:8x}")
    show(f"  Base Pte     {subsection['subsection_base']:08x}  Ptes In Subsect {subsection['ptes_in_subsection']:8x}  "
         f"Unused Ptes       {subsection['unused_ptes']:8x}")
    show(f"  Flags        {flags:8x}  Sector Offset   {flags >> 20:8x}  Protection        {code:8x}")
    show(f"    {protection_name(code)}\n")
