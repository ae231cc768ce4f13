// NtQueryVirtualMemory refuses bad parameters, each with its own status.
// expect: exit 0
#include "test.h"

static void test(void)
{
    MEMORY_BASIC_INFORMATION region;
    SIZE_T done = 77;
    EXPECT_EQUAL(NtQueryVirtualMemory(OWN_PROCESS, NULL, 99, &region, sizeof region, NULL), BAD_INFO_CLASS);
    EXPECT_EQUAL(NtQueryVirtualMemory(OWN_PROCESS, NULL, 0, &region, sizeof region - 1, NULL), LENGTH_MISMATCH);
    EXPECT_EQUAL(NtQueryVirtualMemory(OWN_PROCESS, NULL, 0, &region, 0, NULL), LENGTH_MISMATCH);
    EXPECT_EQUAL(NtQueryVirtualMemory(OWN_PROCESS, (PVOID)0x7FFF0000, 0, &region, sizeof region, NULL), BAD_PARAMETER);
    EXPECT_EQUAL(NtQueryVirtualMemory(OWN_PROCESS, (PVOID)0xFFFFFFFF, 0, &region, sizeof region, NULL), BAD_PARAMETER);
    EXPECT_EQUAL(NtQueryVirtualMemory((HANDLE)0x7777, NULL, 0, &region, sizeof region, NULL), BAD_HANDLE);
    EXPECT_EQUAL(NtQueryVirtualMemory(OWN_PROCESS, NULL, 0, &region, sizeof region, &done), SUCCESS);
    EXPECT_EQUAL(done, sizeof region);
    EXPECT_EQUAL(VirtualQuery((PVOID)0x1234, &region, sizeof region), sizeof region);
    EXPECT_EQUAL(region.BaseAddress, 0x1000);
    EXPECT_ERROR(VirtualQuery((PVOID)0x7FFF0000, &region, sizeof region), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(VirtualQuery(NULL, &region, 4), ERROR_BAD_LENGTH);
}
