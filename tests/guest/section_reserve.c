// A section that is only reserved takes no commitment; what is committed through one view all views have; CommitSize commits
// the first pages.
// expect: exit 0
#include "section.h"

NTSTATUS NTAPI NtQuerySystemInformation(ULONG class, PVOID buffer, ULONG length, PULONG done);

// Whether so many bytes are more than the machine can promise.
static BOOL too_much(DWORD bytes)
{
    DWORD words[78];
    EXPECT_EQUAL(NtQuerySystemInformation(2, words, sizeof words, NULL), SUCCESS);
    return words[13] < bytes / PAGE;
}

static void test(void)
{
    HANDLE section = section_of(0x10000, PAGE_READWRITE, SEC_RESERVE);
    char *view = view_of(section, PAGE_READWRITE), *other = view_of(section, PAGE_READONLY);
    EXPECT_REGION(view, 0x10000, MEM_RESERVE, 0);
    EXPECT_EQUAL(query(view).AllocationProtect, PAGE_READWRITE);
    EXPECT_EQUAL(query(view).Type, MEM_MAPPED);
    EXPECT_EQUAL(protect_at(view, PAGE, PAGE_READONLY), UNCOMMITTED);
    SIZE_T done = 1;
    char byte;
    EXPECT_EQUAL(NtReadVirtualMemory(OWN_PROCESS, view, &byte, 1, &done), PARTIAL_COPY);
    EXPECT_EQUAL(done, 0);
    EXPECT(VirtualAlloc(view + 0x2FFF, 2, MEM_COMMIT, PAGE_READWRITE) == view + 0x2000);
    EXPECT_REGION(view, 0x2000, MEM_RESERVE, 0);
    EXPECT_REGION(view + 0x2000, 0x2000, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_REGION(view + 0x4000, 0xC000, MEM_RESERVE, 0);
    EXPECT_REGION(other + 0x2000, 0x2000, MEM_COMMIT, PAGE_READONLY);
    fill(view + 0x2000, 0x2000, 5);
    EXPECT(all_bytes(other + 0x2000, 0x2000, 5));
    EXPECT_EQUAL(allocate_at(view + 0x3000, 0x2000, MEM_COMMIT, PAGE_READONLY), SUCCESS);
    EXPECT_REGION(view + 0x3000, 0x2000, MEM_COMMIT, PAGE_READONLY);
    EXPECT(all_bytes(other + 0x3000, PAGE, 5) && all_bytes(other + 0x4000, PAGE, 0));
    // What is committed through a view may have more than the view was mapped for; what is there may not come to have it.
    EXPECT_EQUAL(allocate_at(other, PAGE, MEM_COMMIT, PAGE_READWRITE), SUCCESS);
    other[0] = 6;
    EXPECT_EQUAL(view[0], 6);
    EXPECT_EQUAL(protect_at(other + 0x2000, PAGE, PAGE_READWRITE), MORE_THAN_SECTION);
    EXPECT_EQUAL(allocate_at(view + 0xF000, 0x1001, MEM_COMMIT, PAGE_READWRITE), CONFLICT);
    EXPECT_EQUAL(free_at(view + 0x2000, PAGE, MEM_DECOMMIT), SECTION_MEMORY);
    PVOID base = NULL;
    SIZE_T size = 0;
    EXPECT_EQUAL(NtMapViewOfSection(section, OWN_PROCESS, &base, 0, 0x1001, NULL, &size, VIEW_SHARE, 0, PAGE_READWRITE), SUCCESS);
    EXPECT_EQUAL(size, 0x10000);
    EXPECT_REGION(view, 0x3000, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_REGION((char *)base, 0x5000, MEM_COMMIT, PAGE_READWRITE);
    // More than there is can be reserved, and not committed.
    HANDLE large = section_of(0x60000000, PAGE_READWRITE, SEC_RESERVE);
    char *wide = view_of(large, PAGE_READWRITE);
    if (too_much(0x60000000))
        EXPECT_EQUAL(allocate_at(wide, 0x60000000, MEM_COMMIT, PAGE_READWRITE), NO_COMMITMENT);
    EXPECT_REGION(wide, 0x60000000, MEM_RESERVE, 0);
    EXPECT_EQUAL(allocate_at(wide + 0x5FFFF000, PAGE, MEM_COMMIT, PAGE_READWRITE), SUCCESS);
    wide[0x5FFFFFFF] = 1;
    EXPECT(CloseHandle(large) && CloseHandle(section));
}
