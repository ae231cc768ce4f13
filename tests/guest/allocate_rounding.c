// A reservation begins at a multiple of 64 KB and ends at the end of the page that holds its last byte; base and size come back.
// expect: exit 0
#include "test.h"

static void test(void)
{
    char *area = free_range(4 * GRANULARITY);
    PVOID base = area + 0x1234;
    SIZE_T size = 1;
    EXPECT_EQUAL(NtAllocateVirtualMemory(OWN_PROCESS, &base, 0, &size, MEM_RESERVE, PAGE_READWRITE), SUCCESS);
    EXPECT_EQUAL(base, area);
    EXPECT_EQUAL(size, 2 * PAGE);
    EXPECT_REGION(area, 2 * PAGE, MEM_RESERVE, 0);
    EXPECT_EQUAL(query(area).AllocationProtect, PAGE_READWRITE);
    // A commit is rounded to pages only.
    base = area + PAGE - 1;
    size = 2;
    EXPECT_EQUAL(NtAllocateVirtualMemory(OWN_PROCESS, &base, 0, &size, MEM_COMMIT, PAGE_READONLY), SUCCESS);
    EXPECT_EQUAL(base, area);
    EXPECT_EQUAL(size, 2 * PAGE);
    EXPECT_REGION(area, 2 * PAGE, MEM_COMMIT, PAGE_READONLY);
    // The rest of the 64 KB belongs to nobody, and nobody else can begin there.
    EXPECT_EQUAL(query(area + 2 * PAGE).State, MEM_FREE);
    EXPECT_EQUAL(allocate_at(area + 2 * PAGE, PAGE, MEM_RESERVE, PAGE_READWRITE), CONFLICT);
    EXPECT_EQUAL(allocate_at(area + GRANULARITY, PAGE, MEM_RESERVE, PAGE_READWRITE), SUCCESS);
}
