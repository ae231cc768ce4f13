// tour shared-memory: a section without a file, its prototype PTEs, and two processes that map it.
#ifndef TOUR_SHARED_MEMORY_H
#define TOUR_SHARED_MEMORY_H

#include "tour_other.h"
#include "tour_vads.h"

#define SHARED_NAME "Local\\tour-memory"

// The prototype PTE of the page at `address`, which a view covers: its VAD knows where they begin.
static DWORD prototype_of(DWORD address)
{
    DWORD node = find_vad(address >> 12);
    return word_at(node + 0x1C) + ((address >> 12) - word_at(node)) * 8;
}

static void show_section(DWORD address)
{
    DWORD area = word_at(find_vad(address >> 12) + 0x18), segment = word_at(area);
    put("    control area ");
    put_hex(area);
    put(": ");
    put_decimal(word_at(area + 0xC));
    put(" section object, ");
    put_decimal(word_at(area + 0x14));
    put(" view(s), ");
    put_decimal(word_at(area + 0x10));
    put(" pages of a file in memory\n    segment ");
    put_hex(segment);
    put(": ");
    put_decimal(word_at(segment + 4));
    put(" prototype PTEs from ");
    put_hex(word_at(segment + 0x38));
    put(", ");
    put_decimal(word_at(segment + 0x20));
    put(" pages committed\n\n");
}

static DWORD tour_shared_memory(void)
{
    put("1. A section, and no page\n\n"
        "CreateFileMapping without a file makes a section of 64 KB called " SHARED_NAME ", and MapViewOfFile a view of it at ");
    HANDLE section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 0x10000, SHARED_NAME);
    BYTE *mine = MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, 0);
    if (mine == NULL)
        return stuck("\n    (no memory)");
    put_hex((DWORD)mine);
    put(".\nWhat the kernel made for it:\n\n");
    show_section((DWORD)mine);
    put("The pages are paid for and do not exist. The view's VAD, the PTE of its page 3 and the prototype PTE that stands for the\n"
        "page in whatever process:\n\n");
    DWORD address = (DWORD)mine + 3 * PAGE, cell = prototype_of(address);
    show_vad(find_vad(address >> 12), 0, 0);
    show_untouched(address);
    ULONGLONG nothing = show_entry("prototype PTE", cell);
    put("\n2. The first touch\n\nThe number 12345678 (hexadecimal) is stored there.\n\n");
    *(volatile DWORD *)address = 0x12345678;
    ULONGLONG entry = show_entry("PTE", pte_of(address));
    ULONGLONG prototype = show_entry("prototype PTE", cell);
    show_shares(entry);
    put("\nThe frame belongs to the prototype PTE; the process's own PTE maps it.\n\n"
        "3. Another process opens it by name\n\n");
    start_other();
    lstrcpyA(request->name, SHARED_NAME);
    BOOL fine = ask_other(OTHER_OPEN, 0, 0);
    DWORD others = ask_other(OTHER_MAP, FILE_MAP_ALL_ACCESS, 0);
    put("Its view is at ");
    put_hex(others);
    put(". Before and after it reads the number:\n\n");
    others += 3 * PAGE;
    show_both(address, others);
    DWORD number = ask_other(OTHER_READ, others, 0);
    put("\n    it reads ");
    put_hex(number);
    put("\n\n");
    show_both(address, others);
    ask_other(OTHER_WRITE, others, 0x87654321);
    put("\nIt stores 87654321 there. This process reads ");
    put_hex(*(volatile DWORD *)address);
    fine &= number == 0x12345678 && *(volatile DWORD *)address == 0x87654321;
    put(": there is nothing to be copied, it is one frame.\n\n4. Who goes first\n\nThe other unmaps its view and ends.\n\n");
    fine &= ask_other(OTHER_UNMAP, others - 3 * PAGE, 0);
    end_other();
    show_shares(show_entry("PTE", pte_of(address)));
    put("\nThis process unmaps its view as well, and keeps the handle. The prototype PTE:\n\n");
    UnmapViewOfFile(mine);
    ULONGLONG parked = show_entry("prototype PTE", cell);
    mine = MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, 0);
    number = mine == NULL ? 0 : *(volatile DWORD *)(mine + 3 * PAGE);
    put("\nMapped again, at ");
    put_hex((DWORD)mine);
    put(", and touched, the page is still there: ");
    put_hex(number);
    put(".\n\n");
    ULONGLONG again = show_entry("prototype PTE", cell);
    put("\nWith the last view and the last handle all of it goes.\n");
    CloseHandle(section);
    UnmapViewOfFile(mine);
    return fine && number == 0x87654321 && !(nothing & 1) && (prototype & again & 1) && !(parked & 1) ? 0 : 1;
}

#endif
