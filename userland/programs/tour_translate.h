// tour translate ADDRESS: 2-9-9-12 by hand.
#ifndef TOUR_TRANSLATE_H
#define TOUR_TRANSLATE_H

#include "tour_other.h"

static void show_split(DWORD address)
{
    put("    ");
    put_bits(address, 31, 2);
    put(" ");
    put_bits(address, 29, 9);
    put(" ");
    put_bits(address, 20, 9);
    put(" ");
    put_bits(address, 11, 12);
    put("   entry ");
    put_short_hex(address >> 30);
    put(" of 4, entry ");
    put_short_hex(address >> 21 & 511);
    put(" of 512, entry ");
    put_short_hex(address >> 12 & 511);
    put(" of 512, byte ");
    put_short_hex(address & 4095);
    put("\n\n");
}

// Reads the byte both ways. What is mapped must be the same.
static DWORD compare_byte(DWORD address, ULONGLONG physical)
{
    BYTE by_address = 0, by_frame = 0;
    NTSTATUS one = read_virtual(address, &by_address, 1), other = read_physical(physical, &by_frame, 1);
    put("\nSo ");
    put_hex(address);
    put(" is physical address ");
    put_digits((DWORD)(physical >> 32), 1);
    put_hex((DWORD)physical);
    if (other != 0) {
        put(", which is no RAM: a device.\n");
        return 0;
    }
    put(". The byte there, read by either: ");
    put_digits(by_address, 2);
    put(" and ");
    put_digits(by_frame, 2);
    put(".\n");
    return one == 0 && by_address == by_frame ? 0 : 1;
}

static DWORD translate(DWORD address)
{
    DWORD table = word_at(current_process() + 0x18);
    put("The processor splits an address into 2, 9, 9 and 12 bits. CR3 leads to a table of four pointers; each number picks an\n"
        "entry of the table that the one before it led to, and an entry is 8 bytes. ");
    put_hex(address);
    put(":\n\n");
    show_split(address);
    put("CR3, from EPROCESS.DirectoryTableBase, is ");
    put_hex(table);
    put(". From there on, all is read as physical memory:\n\n");
    ULONGLONG pointer = show_physical_entry("PDPTE", table + (address >> 30) * 8);
    if (!(pointer & 1))
        return stuck("    not present");
    ULONGLONG directory = show_physical_entry("PDE", (pointer & FRAME_BITS) + (address >> 21 & 511) * 8);
    if (!(directory & 1)) {
        put("\nThere is no page table: 2 MB of addresses without a single page, and an access would fault.\n");
        return 0;
    }
    if (directory & 0x80)
        return compare_byte(address, (directory & FRAME_BITS & ~0x1FFFFFull) + (address & 0x1FFFFF));
    ULONGLONG entry = show_physical_entry("PTE", (directory & FRAME_BITS) + (address >> 12 & 511) * 8);
    put("\nThe top page directory names the four directories among its page tables, so that all tables appear from C0000000 on,\n"
        "and the kernel need not go through physical memory. The same entry there:\n\n");
    ULONGLONG again = show_entry("PTE", pte_of(address));
    if (!(entry & 1)) {
        put("\nThe page is not in memory, and an access would fault.\n");
        return entry == again ? 0 : 1;
    }
    DWORD verdict = compare_byte(address, (entry & FRAME_BITS) + (address & 4095));
    return entry == again ? verdict : 1;
}

// A hexadecimal number, with or without 0x. Any other text is not one.
static BOOL parse_address(const char *text, DWORD *address)
{
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        text += 2;
    DWORD value = 0;
    int digits = 0;
    for (; *text != 0; text++, digits++) {
        char low = (char)(*text | 0x20);
        if (*text >= '0' && *text <= '9')
            value = value << 4 | (DWORD)(*text - '0');
        else if (low >= 'a' && low <= 'f')
            value = value << 4 | (DWORD)(low - 'a' + 10);
        else
            return FALSE;
    }
    *address = value;
    return digits > 0 && digits <= 8;
}

static DWORD tour_translate(const char *text)
{
    DWORD address;
    BYTE byte;
    if (!parse_address(text, &address)) {
        put("tour: translate needs an address, up to eight hexadecimal digits\n");
        return 2;
    }
    // Touched once, so that a page of this program is in memory. Where it cannot be read, it is as it is.
    NtReadVirtualMemory(OWN_PROCESS, (PVOID)address, &byte, 1, NULL);
    return translate(address);
}

#endif
