// Locked pages, limits, an emptied working set and what is told of it.
// expect: exit 0
// cc: -lpsapi
#include "process.h"
#define PSAPI_VERSION 1
#include <psapi.h>

__declspec(dllimport) NTSTATUS NTAPI NtLockVirtualMemory(HANDLE, PVOID *, SIZE_T *, ULONG);
__declspec(dllimport) NTSTATUS NTAPI NtUnlockVirtualMemory(HANDLE, PVOID *, SIZE_T *, ULONG);

#define SELF ((HANDLE)-1)

// How many pages of `count` from `base` on are in the working set, and how many of those are shared.
static ULONG in_working_set(char *base, ULONG count, ULONG *shared)
{
    static ULONG list[1024];
    ULONG found = 0;
    *shared = 0;
    EXPECT(QueryWorkingSet(SELF, list, sizeof list));
    for (ULONG index = 1; index <= list[0]; index++)
        if ((list[index] & ~0xFFFu) - (ULONG)base < count * PAGE) {
            found++;
            *shared += list[index] >> 8 & 1;
        }
    return found;
}

static NTSTATUS lock(void *base, ULONG size, ULONG kind)
{
    PVOID at = base;
    SIZE_T bytes = size;
    return NtLockVirtualMemory(SELF, &at, &bytes, kind);
}

static NTSTATUS unlock(void *base, ULONG size, ULONG kind)
{
    PVOID at = base;
    SIZE_T bytes = size;
    return NtUnlockVirtualMemory(SELF, &at, &bytes, kind);
}

static void test(void)
{
    SIZE_T least = 0, most = 0;
    ULONG shared, list[4];
    EXPECT(GetProcessWorkingSetSize(SELF, &least, &most));
    EXPECT_EQUAL(least, 50 * PAGE);
    EXPECT_EQUAL(most, 345 * PAGE);

    char *memory = commit(60 * PAGE);
    EXPECT_EQUAL(in_working_set(memory, 60, &shared), 0);
    memory[0] = 1;
    memory[PAGE] = 2;
    EXPECT_EQUAL(in_working_set(memory, 60, &shared), 2);
    EXPECT_EQUAL(shared, 0);
    EXPECT_ERROR(QueryWorkingSet(SELF, list, sizeof list), ERROR_BAD_LENGTH);
    EXPECT(list[0] > 20 && list[0] < 1024);

    // Locking brings pages in; more than the minimum leaves room for cannot be locked.
    EXPECT_EQUAL(lock(memory + 100, 3 * PAGE, 1), 0);
    EXPECT_EQUAL(in_working_set(memory, 60, &shared), 4);
    EXPECT_EQUAL(lock(memory + 3 * PAGE, 2 * PAGE, 1), 0x40000019);
    EXPECT_EQUAL(lock(memory, 43 * PAGE, 1), 0xC00000A1);
    EXPECT_EQUAL(unlock(memory + 4 * PAGE, 2 * PAGE, 1), 0xC000002A);
    EXPECT_ERROR(VirtualUnlock(memory + 5 * PAGE, 1), ERROR_NOT_LOCKED);
    EXPECT(VirtualLock(memory + 10 * PAGE, 1));

    // Emptied, the working set has what is locked.
    memory[20 * PAGE] = 3;
    memory[21 * PAGE] = 4;
    EXPECT(EmptyWorkingSet(SELF));
    EXPECT(in_working_set(memory, 60, &shared) >= 6);
    EXPECT_EQUAL(memory[0] + memory[PAGE] + memory[20 * PAGE] + memory[21 * PAGE], 1 + 2 + 3 + 4);
    EXPECT(unlock(memory, 5 * PAGE, 1) == 0 && VirtualUnlock(memory + 10 * PAGE, 1));
    EXPECT_EQUAL(unlock(memory, PAGE, 1), 0xC000002A);

    // What is bad.
    char *reserved = VirtualAlloc(NULL, GRANULARITY, MEM_RESERVE, PAGE_READWRITE);
    EXPECT_EQUAL(lock(reserved, 1, 1), 0xC0000005);
    EXPECT_EQUAL(lock(memory, 0, 1), 0xC00000F1);
    EXPECT_EQUAL(lock((void *)0x7FFE0000, 1, 1), 0xC00000F0);
    EXPECT_EQUAL(lock(memory, 1, 0), 0xC000000D);
    EXPECT_EQUAL(lock(memory, 1, 4), 0xC000000D);
    EXPECT_EQUAL(NtLockVirtualMemory(SELF, NULL, NULL, 1), 0xC0000005);

    // Limits.
    EXPECT(SetProcessWorkingSetSize(SELF, 100 * PAGE, 200 * PAGE));
    EXPECT(GetProcessWorkingSetSize(SELF, &least, &most) && least == 100 * PAGE && most == 200 * PAGE);
    EXPECT(VirtualLock(memory, 50 * PAGE));
    EXPECT_EQUAL(in_working_set(memory, 60, &shared), 50);
    EXPECT_ERROR(SetProcessWorkingSetSize(SELF, 300 * PAGE, 200 * PAGE), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(SetProcessWorkingSetSize(SELF, 0, 200 * PAGE), ERROR_INVALID_PARAMETER);
    EXPECT(VirtualFree(memory, 0, MEM_RELEASE));
    EXPECT(SetProcessWorkingSetSize(SELF, (SIZE_T)-1, (SIZE_T)-1));
}
