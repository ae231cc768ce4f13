// NtAllocateVirtualMemory refuses bad parameters, each with its own status, and in this order.
// expect: exit 0
#include "test.h"

static NTSTATUS allocate(HANDLE process, PVOID base, ULONG zero_bits, SIZE_T size, ULONG type, ULONG protect)
{
    return NtAllocateVirtualMemory(process, &base, zero_bits, &size, type, protect);
}

static void types(void)
{
    static const ULONG bad[] = {
        0, 0x800, MEM_COMMIT | MEM_DECOMMIT, MEM_RELEASE, MEM_TOP_DOWN, MEM_FREE, MEM_RESET | MEM_COMMIT, MEM_RESET | MEM_RESERVE,
        MEM_COMMIT | 0x200000, MEM_RESERVE | 0x20000000, MEM_COMMIT | 0x400000, MEM_RESERVE | MEM_COMMIT | 0x400000, 0x80000000,
    };
    for (DWORD index = 0; index < sizeof bad / sizeof *bad; index++)
        EXPECT_EQUAL(allocate(OWN_PROCESS, NULL, 0, PAGE, bad[index], PAGE_READWRITE), PARAMETER_5);
    EXPECT_EQUAL(allocate(OWN_PROCESS, NULL, 0, PAGE, MEM_RESERVE | 0x400000, PAGE_READONLY), PARAMETER_6);
}

static void protections(void)
{
    static const ULONG bad[] = {
        0, 3, PAGE_READONLY | PAGE_READWRITE, 0x800, PAGE_GUARD, PAGE_NOACCESS | PAGE_GUARD, PAGE_NOACCESS | PAGE_NOCACHE,
        PAGE_READWRITE | PAGE_GUARD | PAGE_NOCACHE, PAGE_WRITECOPY, PAGE_EXECUTE_WRITECOPY,
    };
    for (DWORD index = 0; index < sizeof bad / sizeof *bad; index++)
        EXPECT_EQUAL(allocate(OWN_PROCESS, NULL, 0, PAGE, MEM_RESERVE, bad[index]), BAD_PROTECTION);
}

static void ranges(void)
{
    EXPECT_EQUAL(allocate(OWN_PROCESS, (PVOID)0x7FFE0000, 0, PAGE, MEM_RESERVE, PAGE_READWRITE), PARAMETER_2);
    EXPECT_EQUAL(allocate(OWN_PROCESS, (PVOID)0x80000000, 0, PAGE, MEM_RESERVE, PAGE_READWRITE), PARAMETER_2);
    EXPECT_EQUAL(allocate(OWN_PROCESS, (PVOID)0xFFFFF000, 0, PAGE, MEM_RESERVE, PAGE_READWRITE), PARAMETER_2);
    EXPECT_EQUAL(allocate(OWN_PROCESS, NULL, 0, 0, MEM_RESERVE, PAGE_READWRITE), PARAMETER_4);
    EXPECT_EQUAL(allocate(OWN_PROCESS, (PVOID)0x7FFD0000, 0, 0x10001, MEM_RESERVE, PAGE_READWRITE), PARAMETER_4);
    EXPECT_EQUAL(allocate(OWN_PROCESS, (PVOID)0x10000, 0, 0xFFFFFFFF, MEM_RESERVE, PAGE_READWRITE), PARAMETER_4);
    EXPECT_EQUAL(allocate(OWN_PROCESS, NULL, 0, 0x80000000, MEM_RESERVE, PAGE_READWRITE), PARAMETER_4);
}

static void test(void)
{
    // All of it is wrong: the first check speaks.
    EXPECT_EQUAL(allocate((HANDLE)0x7777, (PVOID)0x80000000, 22, 0, 0, 0), PARAMETER_3);
    EXPECT_EQUAL(allocate((HANDLE)0x7777, (PVOID)0x80000000, 21, 0, 0, 0), PARAMETER_5);
    EXPECT_EQUAL(allocate((HANDLE)0x7777, (PVOID)0x80000000, 0, 0, MEM_RESERVE, 0), BAD_PROTECTION);
    EXPECT_EQUAL(allocate((HANDLE)0x7777, (PVOID)0x80000000, 0, 0, MEM_RESERVE, PAGE_READWRITE), PARAMETER_2);
    EXPECT_EQUAL(allocate((HANDLE)0x7777, NULL, 0, 0, MEM_RESERVE, PAGE_READWRITE), PARAMETER_4);
    EXPECT_EQUAL(allocate((HANDLE)0x7777, NULL, 0, PAGE, MEM_RESERVE, PAGE_READWRITE), BAD_HANDLE);
    types();
    protections();
    ranges();
}
