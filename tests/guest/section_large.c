// A section larger than any address space: views of parts beyond 4 GB, and the refusal of all of it at once.
// expect: exit 0
#include "section.h"

NTSTATUS NTAPI NtQuerySystemInformation(ULONG class, PVOID buffer, ULONG length, PULONG done);

enum { NO_RESOURCES = (int)0xC000009A };

// Whether the machine has room for the section's prototype PTEs, 32 MB, and something besides.
static BOOL roomy(void)
{
    DWORD words[78];
    EXPECT_EQUAL(NtQuerySystemInformation(2, words, sizeof words, NULL), SUCCESS);
    return words[13] - words[12] > 0x3000;
}

static void test(void)
{
    HANDLE section = NULL;
    if (!roomy()) {
        EXPECT_EQUAL(create_section(&section, 0x400000000, PAGE_READWRITE, SEC_RESERVE), NO_RESOURCES);
        return;
    }
    EXPECT_EQUAL(create_section(&section, 0x400000000, PAGE_READWRITE, SEC_RESERVE), SUCCESS);
    PVOID base = NULL;
    SIZE_T size = 0;
    EXPECT_EQUAL(NtMapViewOfSection(section, OWN_PROCESS, &base, 0, 0, NULL, &size, VIEW_UNMAP, 0, PAGE_READONLY), BAD_VIEW_SIZE);
    char *low = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0xFFFF0000, 0x20000); // across the 4 GB
    char *high = MapViewOfFile(section, FILE_MAP_WRITE, 1, 0, 0x10000), *last = MapViewOfFile(section, FILE_MAP_WRITE, 3, 0xFFFF0000, 0);
    EXPECT(low != NULL && high != NULL && last != NULL);
    EXPECT_REGION(last, 0x10000, MEM_RESERVE, 0);
    EXPECT(VirtualAlloc(low + 0xF000, 0x2000, MEM_COMMIT, PAGE_READWRITE) == low + 0xF000);
    EXPECT_REGION(high, PAGE, MEM_COMMIT, PAGE_READWRITE);
    low[0xF000] = 1, low[0x10000] = 2;
    EXPECT_EQUAL(high[0], 2);
    EXPECT(VirtualAlloc(last + 0xF000, PAGE, MEM_COMMIT, PAGE_READWRITE) == last + 0xF000);
    last[0xFFFF] = 3;
    EXPECT(UnmapViewOfFile(last));
    last = MapViewOfFile(section, FILE_MAP_READ, 3, 0xFFFF0000, 0x10000);
    EXPECT(last[0xFFFF] == 3);
    EXPECT_REGION(last, 0xF000, MEM_RESERVE, 0);
    EXPECT_ERROR(MapViewOfFile(section, FILE_MAP_READ, 4, 0, 0), ERROR_ACCESS_DENIED);
    EXPECT_ERROR(MapViewOfFile(section, FILE_MAP_READ, 3, 0xFFFF0000, 0x10001), ERROR_ACCESS_DENIED);
    EXPECT(CloseHandle(section) && UnmapViewOfFile(low));
    EXPECT_EQUAL(high[0], 2);
}
