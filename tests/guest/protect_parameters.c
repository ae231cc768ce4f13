// NtProtectVirtualMemory refuses bad parameters, each with its own status.
// expect: exit 0
#include "test.h"

static void test(void)
{
    static const ULONG bad[] = {0, 3, 0x800, PAGE_GUARD, PAGE_NOACCESS | PAGE_GUARD, PAGE_READWRITE | PAGE_READONLY, 0x404};
    char *range = commit(4 * PAGE);
    for (DWORD index = 0; index < sizeof bad / sizeof *bad; index++)
        EXPECT_EQUAL(protect_at(range, PAGE, bad[index]), BAD_PROTECTION);
    EXPECT_EQUAL(protect_at((PVOID)0x80000000, PAGE, PAGE_READONLY), PARAMETER_2);
    EXPECT_EQUAL(protect_at(range, 0, PAGE_READONLY), PARAMETER_3);
    EXPECT_EQUAL(protect_at(range, 0xFFFFFFFF, PAGE_READONLY), PARAMETER_3);
    EXPECT_EQUAL(protect_at(free_range(PAGE), PAGE, PAGE_READONLY), CONFLICT);
    EXPECT_EQUAL(protect_at(range + 3 * PAGE, 2 * PAGE, PAGE_READONLY), CONFLICT);
    EXPECT_EQUAL(protect_at(reserve(PAGE), PAGE, PAGE_READONLY), UNCOMMITTED);
    EXPECT_EQUAL(protect_at(range, PAGE, PAGE_WRITECOPY), PARAMETER_4);
    EXPECT(VirtualFree(range + PAGE, PAGE, MEM_DECOMMIT));
    EXPECT_EQUAL(protect_at(range, 4 * PAGE, PAGE_READONLY), UNCOMMITTED);
    EXPECT_REGION(range, PAGE, MEM_COMMIT, PAGE_READWRITE);
    PVOID base = range;
    SIZE_T size = PAGE;
    ULONG old;
    EXPECT_EQUAL(NtProtectVirtualMemory((HANDLE)0x7777, &base, &size, PAGE_READONLY, &old), BAD_HANDLE);
}
