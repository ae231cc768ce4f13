// Sections with an address of their own: the highest first, the same in every process, and nowhere else.
// expect: exit 0
#include "section.h"

#define HIGHEST 0x7F7E0000u
#ifndef SEC_BASED
#define SEC_BASED 0x200000
#endif

static DWORD base_of(HANDLE section)
{
    struct { DWORD base; ULONG kind; LARGE_INTEGER size; } basic = {0};
    EXPECT_EQUAL(NtQuerySection(section, 0, &basic, sizeof basic, NULL), SUCCESS);
    EXPECT_EQUAL(basic.kind, SEC_BASED | SEC_COMMIT);
    return basic.base;
}

// Maps a view, asking for an address that does not count.
static NTSTATUS map(HANDLE section, DWORD offset, DWORD *base)
{
    LARGE_INTEGER at = {.QuadPart = offset};
    PVOID wanted = (PVOID)0x10000000;
    SIZE_T size = 0;
    NTSTATUS status = NtMapViewOfSection(section, OWN_PROCESS, &wanted, 0, 0, &at, &size, VIEW_UNMAP, 0, PAGE_READWRITE);
    *base = (DWORD)wanted;
    return status;
}

static void test(void)
{
    HANDLE first = section_of(PAGE, PAGE_READWRITE, SEC_COMMIT | SEC_BASED);
    HANDLE second = section_of(0x20001, PAGE_READWRITE, SEC_COMMIT | SEC_BASED);
    HANDLE third = section_of(PAGE, PAGE_READWRITE, SEC_COMMIT | SEC_BASED);
    EXPECT_EQUAL(base_of(first), HIGHEST);
    EXPECT_EQUAL(base_of(second), HIGHEST - 0x30000);
    EXPECT_EQUAL(base_of(third), HIGHEST - 0x40000);
    DWORD base;
    EXPECT_EQUAL(map(first, 0, &base), SUCCESS);
    EXPECT_EQUAL(base, HIGHEST);
    write_word(base, 0x1234);
    EXPECT_EQUAL(map(first, 0, &base), CONFLICT);
    EXPECT_EQUAL(map(second, 0x20000, &base), SUCCESS);
    EXPECT_EQUAL(base, HIGHEST - 0x10000);
    EXPECT_REGION((PVOID)base, PAGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_EQUAL(map(second, 0, &base), CONFLICT);
    EXPECT_EQUAL(NtUnmapViewOfSection(OWN_PROCESS, (PVOID)(HIGHEST - 0x10000)), SUCCESS);
    EXPECT_EQUAL(map(second, 0, &base), SUCCESS);
    EXPECT_EQUAL(base, HIGHEST - 0x30000);
    // What a program has put there is in the way.
    EXPECT(VirtualAlloc((PVOID)(HIGHEST - 0x40000), PAGE, MEM_RESERVE, PAGE_NOACCESS) != NULL);
    EXPECT_EQUAL(map(third, 0, &base), CONFLICT);
    EXPECT(VirtualFree((PVOID)(HIGHEST - 0x40000), 0, MEM_RELEASE));
    // An address is free again with its section; views do not keep it.
    EXPECT_EQUAL(NtUnmapViewOfSection(OWN_PROCESS, (PVOID)(HIGHEST - 0x30000)), SUCCESS);
    EXPECT(CloseHandle(second));
    HANDLE fourth = section_of(0x30000, PAGE_READWRITE, SEC_COMMIT | SEC_BASED);
    EXPECT_EQUAL(base_of(fourth), HIGHEST - 0x30000);
    HANDLE fifth = section_of(PAGE, PAGE_READWRITE, SEC_COMMIT | SEC_BASED);
    EXPECT_EQUAL(base_of(fifth), HIGHEST - 0x50000);
    EXPECT(CloseHandle(first) && CloseHandle(fourth) && CloseHandle(fifth) && CloseHandle(third));
    EXPECT_EQUAL(read_word(HIGHEST), 0x1234);
    HANDLE sixth = section_of(PAGE, PAGE_READWRITE, SEC_COMMIT | SEC_BASED);
    EXPECT_EQUAL(base_of(sixth), HIGHEST);
    EXPECT_EQUAL(map(sixth, 0, &base), CONFLICT); // the old view is still here
    EXPECT_EQUAL(NtUnmapViewOfSection(OWN_PROCESS, (PVOID)HIGHEST), SUCCESS);
    EXPECT_EQUAL(map(sixth, 0, &base), SUCCESS);
    EXPECT_EQUAL(read_word(HIGHEST), 0);
    HANDLE huge;
    EXPECT_EQUAL(create_section(&huge, 0x7F7F0000, PAGE_READWRITE, SEC_RESERVE | SEC_BASED), NO_MEMORY_LEFT);
    EXPECT_EQUAL(create_section(&huge, 0x100000000, PAGE_READWRITE, SEC_RESERVE | SEC_BASED), NO_MEMORY_LEFT);
}
