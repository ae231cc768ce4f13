// tour address-space: the four partitions, and how a free range is found.
#ifndef TOUR_ADDRESS_SPACE_H
#define TOUR_ADDRESS_SPACE_H

#include "tour_vads.h"

static const char *state_name(DWORD state)
{
    return state == MEM_COMMIT ? "committed" : state == MEM_RESERVE ? "reserved" : "free";
}

static void touch_border(DWORD address, const char *what)
{
    MEMORY_BASIC_INFORMATION region;
    BYTE byte;
    put("    ");
    put_hex(address);
    put("  ");
    put_column(what, 28);
    NTSTATUS status = NtQueryVirtualMemory(OWN_PROCESS, (PVOID)address, 0, &region, sizeof region, NULL);
    if (status == 0)
        put_column(state_name(region.State), 19);
    else {
        put_status(status);
        put("  ");
    }
    put_status(NtReadVirtualMemory(OWN_PROCESS, (PVOID)address, &byte, 1, NULL));
    put("\n");
}

static void show_partitions(void)
{
    put("1. Four partitions\n\n"
        "A program sees 4 GB of addresses. Here each partition is touched at its borders: first NtQueryVirtualMemory\n"
        "is asked what lies there, then NtReadVirtualMemory reads one byte, which a refusal makes a status and not a crash.\n\n"
        "    address   partition                   state              reading it\n");
    touch_border(0x00000000, "null pointers");
    touch_border(0x0000FFFF, "");
    touch_border(0x00010000, "the program's own");
    touch_border(0x00400000, "  (this program)");
    touch_border(0x7FFDFFFF, "");
    touch_border(0x7FFE0000, "  (shared with the kernel)");
    touch_border(0x7FFEFFFF, "");
    touch_border(0x7FFF0000, "64 KB of no access");
    touch_border(0x7FFFFFFF, "");
    touch_border(0x80000000, "the kernel's");
    touch_border(0xC0000000, "  (page tables)");
    touch_border(0xFFFFFFFF, "");
    put("\nThe 64 KB below the kernel mean that a service need check only where a buffer begins, if it reads upward.\n\n");
}

// Follows the search for `pages` free pages at a multiple of 64 KB, from the lowest address up. Returns the address.
static DWORD follow_search(DWORD pages)
{
    DWORD node = vad_root(), visited = 0;
    for (;;) {
        struct vad vad = read_vad(node), left = read_vad(vad.left);
        visited++;
        put("    at ");
        put_hex(node);
        put(": below it on the left, room for ");
        put_short_hex(left.summary >> 12);
        put(" pages; just before it, from page ");
        put_short_hex(vad.free_from);
        DWORD first = (vad.free_from + 15) & ~15u;
        DWORD room = vad.start > first ? vad.start - first : 0;
        put(", for ");
        put_short_hex(room);
        if (left.summary >> 12 >= pages) {
            put(": left\n");
            node = vad.left;
        } else if (room >= pages) {
            put(": here\n\n");
            put_decimal(visited);
            put(" nodes visited. ");
            return first << 12;
        } else if (vad.right != 0) {
            put(": right\n");
            node = vad.right;
        } else {
            return stuck("    (nowhere)");
        }
    }
}

static DWORD tour_address_space(void)
{
    const DWORD size = 0x20000;
    show_partitions();
    put("2. How a free range is found\n\n"
        "What is in use is a tree of VADs, one for each reservation, ordered by address. KPCR, thread and process lead to\n"
        "its root, EPROCESS.VadRoot. These are its nodes (page numbers, both ends inclusive):\n\n");
    DWORD count = show_tree(vad_root(), 0, 0);
    put("\n128 KB are to be reserved anywhere: 20 pages (hexadecimal), at a multiple of 64 KB. Each node keeps the largest\n"
        "room of the gaps in its subtree, so the way down to the lowest gap that fits never turns back:\n\n");
    DWORD expected = follow_search(size / PAGE);
    put("The range is ");
    put_hex(expected);
    PVOID base = VirtualAlloc(NULL, size, MEM_RESERVE, PAGE_READWRITE);
    put(", and VirtualAlloc answers ");
    put_hex((DWORD)base);
    put(".\n\nThe tree with the new node (->):\n\n");
    DWORD after = show_tree(vad_root(), 0, find_vad((DWORD)base >> 12));
    put("\nOnly a node was made: no page, no page table. The first touch will ask for them.\n");
    BOOL released = VirtualFree(base, 0, MEM_RELEASE);
    return (DWORD)base == expected && after == count + 1 && released ? 0 : 1;
}

#endif
