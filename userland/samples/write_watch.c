// cc-library: msvcrt
// Write watch: the system notes which pages of a region are stored to, whoever does it, and tells when it is asked. A garbage collector looks only
// at what has changed since its last turn; so does this program, in four turns.
//
//     i686-w64-mingw32-gcc -o write_watch.exe write_watch.c
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#define PAGES 16
#define PAGE 4096

static char *region;

// Prints the numbers of the pages that have been written to since the last turn. From now on they count as not written.
static void turn(const char *what)
{
    void *addresses[PAGES];
    ULONG_PTR count = PAGES;
    DWORD page_size;
    if (GetWriteWatch(WRITE_WATCH_FLAG_RESET, region, PAGES * PAGE, addresses, &count, &page_size) != 0) {
        fprintf(stderr, "GetWriteWatch: error %lu\n", GetLastError());
        exit(1);
    }
    printf("%-36s", what);
    for (ULONG_PTR index = 0; index < count; index++)
        printf(" %lu", (unsigned long)(((char *)addresses[index] - region) / page_size));
    printf(count == 0 ? " none\n" : "\n");
}

int main(void)
{
    region = VirtualAlloc(NULL, PAGES * PAGE, MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH, PAGE_READWRITE);
    if (region == NULL) {
        fprintf(stderr, "VirtualAlloc: error %lu\n", GetLastError());
        return 1;
    }
    turn("Nothing has happened yet:");

    // A load brings a page into memory too, but it is no store.
    char byte = region[2 * PAGE];
    region[3 * PAGE] = byte + 1;
    *(short *)(region + 6 * PAGE - 1) = 1;
    turn("Stores to 3, and across 5 and 6:");

    // What the kernel stores for the program counts: here what it knows of the region.
    VirtualQuery(region, (MEMORY_BASIC_INFORMATION *)(region + 9 * PAGE), sizeof(MEMORY_BASIC_INFORMATION));
    // Pages that have left the working set, or have been given back meanwhile, are told like others.
    SetProcessWorkingSetSize(GetCurrentProcess(), (SIZE_T)-1, (SIZE_T)-1);
    region[12 * PAGE] = 1;
    VirtualFree(region + 12 * PAGE, PAGE, MEM_DECOMMIT);
    turn("By the kernel to 9, and 12 is gone:");

    // Stores to many pages, and all forgotten without being told.
    for (int page = 0; page < 12; page++)
        region[page * PAGE] = 1;
    ResetWriteWatch(region, PAGES * PAGE);
    turn("To the first twelve, and reset:");
    return 0;
}
