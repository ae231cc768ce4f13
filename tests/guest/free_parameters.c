// NtFreeVirtualMemory refuses bad parameters, each with its own status.
// expect: exit 0
#include "test.h"

static void test(void)
{
    char *range = commit(4 * PAGE);
    EXPECT_EQUAL(free_at(range, 0, 0), PARAMETER_4);
    EXPECT_EQUAL(free_at(range, 0, MEM_RELEASE | MEM_DECOMMIT), PARAMETER_4);
    EXPECT_EQUAL(free_at(range, 0, MEM_COMMIT), PARAMETER_4);
    EXPECT_EQUAL(free_at(range, 0, MEM_RELEASE | 1), PARAMETER_4);
    EXPECT_EQUAL(free_at((PVOID)0x80000000, 0, MEM_RELEASE), PARAMETER_2);
    EXPECT_EQUAL(free_at((PVOID)0xFFFFF000, PAGE, MEM_DECOMMIT), PARAMETER_2);
    EXPECT_EQUAL(free_at(range, 0x80000000, MEM_RELEASE), PARAMETER_3);
    EXPECT_EQUAL(free_at(range, 0xFFFFFFFF, MEM_DECOMMIT), PARAMETER_3);
    EXPECT_EQUAL(free_at(free_range(GRANULARITY), 0, MEM_RELEASE), NOT_ALLOCATED);
    EXPECT_EQUAL(free_at(NULL, 0, MEM_RELEASE), NOT_ALLOCATED);
    EXPECT_EQUAL(free_at(range, 5 * PAGE, MEM_RELEASE), UNABLE_TO_FREE);
    EXPECT_EQUAL(free_at(range + 3 * PAGE, PAGE + 1, MEM_DECOMMIT), UNABLE_TO_FREE);
    EXPECT_EQUAL(free_at(range + PAGE, 0, MEM_RELEASE), NOT_AT_BASE);
    EXPECT_EQUAL(free_at(range + PAGE, 0, MEM_DECOMMIT), NOT_AT_BASE);
    EXPECT_EQUAL(free_at((PVOID)GetModuleHandleA(NULL), 0, MEM_RELEASE), SECTION_MEMORY);
    EXPECT_EQUAL(free_at((PVOID)GetModuleHandleA("ntdll"), 0, MEM_DECOMMIT), SECTION_MEMORY);
    SIZE_T size = 0;
    PVOID base = range;
    EXPECT_EQUAL(NtFreeVirtualMemory((HANDLE)0x7777, &base, &size, MEM_RELEASE), BAD_HANDLE);
    EXPECT_REGION(range, 4 * PAGE, MEM_COMMIT, PAGE_READWRITE);
}
