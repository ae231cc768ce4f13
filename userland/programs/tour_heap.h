// tour heap: a block inside the heap's VAD, and the page under it before and after its first touch.
#ifndef TOUR_HEAP_H
#define TOUR_HEAP_H

#include "tour_vads.h"

static DWORD tour_heap(void)
{
    const DWORD size = 5 * PAGE;
    HANDLE heap = GetProcessHeap();
    put("A heap is a program's own business: ntdll cuts blocks out of pages that it reserved and commits step by step.\n"
        "The kernel knows nothing of blocks. What malloc is on Windows begins here, with HeapAlloc.\n\n    the process's heap is at ");
    put_hex((DWORD)heap);
    BYTE *block = HeapAlloc(heap, 0, size);
    if (block == NULL)
        return stuck("\n    (no memory)");
    put(", a block of ");
    put_decimal(size);
    put(" bytes from it at ");
    put_hex((DWORD)block);
    put("\n\nOne VAD lies over both, and over all that the heap may still commit:\n\n");
    DWORD node = find_vad((DWORD)block >> 12);
    show_vad(node, 0, 0);
    put(node == find_vad((DWORD)heap >> 12) ? "    (the heap's own)\n" : "    (another reservation of the heap's)\n");
    BYTE *page = (BYTE *)(((DWORD)block + 2 * PAGE) & ~(PAGE - 1));
    put("\nThe block's page ");
    put_hex((DWORD)page);
    put(" is committed but nobody has touched it. No frame of RAM is behind it:\n\n");
    ULONGLONG before = show_entry("PTE", pte_of((DWORD)page));
    put("\nNow the program writes 42 there. The processor faults, the kernel takes a frame of zeros, and the store is tried again:\n\n");
    *(volatile BYTE *)page = 0x42;
    ULONGLONG after = show_entry("PTE", pte_of((DWORD)page));
    BYTE byte = 0;
    ULONGLONG frame = after >> 12 & 0xFFFFFF;
    NTSTATUS status = read_physical(frame << 12, &byte, 1);
    put("\nThe first byte of that frame, read as physical memory: ");
    put_digits(byte, 2);
    put(". The rest of the page is zeros, never what another program left.\n");
    HeapFree(heap, 0, block);
    return status == 0 && byte == 0x42 && (before & 1) == 0 && (after & 1) == 1 ? 0 : 1;
}

#endif
