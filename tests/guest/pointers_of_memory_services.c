// Null and kernel pointers in every pointer argument of the memory services are refused.
// expect: exit 0
#include "test.h"

static const DWORD hostile[] = {0, 0x1000, 0x7FFE0000, 0x7FFF0000, 0x80000000, 0x80100000, 0xC0000000, 0xFFDF0000, 0xFFFFFFFC};

static void refuse(PVOID pointer)
{
    PVOID base = NULL;
    SIZE_T size = PAGE;
    ULONG old;
    PVOID page = commit(PAGE);
    EXPECT_EQUAL(NtAllocateVirtualMemory(OWN_PROCESS, pointer, 0, &size, MEM_RESERVE, PAGE_READWRITE), VIOLATION);
    EXPECT_EQUAL(NtAllocateVirtualMemory(OWN_PROCESS, &base, 0, pointer, MEM_RESERVE, PAGE_READWRITE), VIOLATION);
    EXPECT_EQUAL(NtFreeVirtualMemory(OWN_PROCESS, pointer, &size, MEM_RELEASE), VIOLATION);
    EXPECT_EQUAL(NtFreeVirtualMemory(OWN_PROCESS, &page, pointer, MEM_RELEASE), VIOLATION);
    EXPECT_EQUAL(NtProtectVirtualMemory(OWN_PROCESS, pointer, &size, PAGE_READONLY, &old), VIOLATION);
    EXPECT_EQUAL(NtProtectVirtualMemory(OWN_PROCESS, &page, pointer, PAGE_READONLY, &old), VIOLATION);
    EXPECT_EQUAL(NtProtectVirtualMemory(OWN_PROCESS, &page, &size, PAGE_READONLY, pointer), VIOLATION);
    EXPECT_EQUAL(NtQueryVirtualMemory(OWN_PROCESS, page, 0, pointer, sizeof(MEMORY_BASIC_INFORMATION), NULL), VIOLATION);
    // Nothing of this was done.
    EXPECT(base == NULL);
    EXPECT_REGION(page, PAGE, MEM_COMMIT, PAGE_READWRITE);
}

static void test(void)
{
    for (DWORD index = 0; index < sizeof hostile / sizeof *hostile; index++)
        refuse((PVOID)hostile[index]);
    MEMORY_BASIC_INFORMATION region;
    for (DWORD index = 1; index < sizeof hostile / sizeof *hostile; index++) {
        SIZE_T *done = (SIZE_T *)hostile[index];
        EXPECT_EQUAL(NtQueryVirtualMemory(OWN_PROCESS, &region, 0, &region, sizeof region, done), VIOLATION);
        EXPECT_EQUAL(NtReadVirtualMemory(OWN_PROCESS, &region, &region, 1, done), VIOLATION);
    }
}
