// The privilege to keep memory from being paged, for the tests of AWE and large pages, and others. They link with -ladvapi32.
#ifndef LOCK_MEMORY_H
#define LOCK_MEMORY_H

#include "test.h"

NTSTATUS NTAPI NtAllocateUserPhysicalPages(HANDLE process, ULONG_PTR *count, ULONG_PTR *frames);
NTSTATUS NTAPI NtFreeUserPhysicalPages(HANDLE process, ULONG_PTR *count, ULONG_PTR *frames);
NTSTATUS NTAPI NtMapUserPhysicalPages(PVOID address, ULONG_PTR count, ULONG_PTR *frames);
NTSTATUS NTAPI NtMapUserPhysicalPagesScatter(PVOID *addresses, ULONG_PTR count, ULONG_PTR *frames);
NTSTATUS NTAPI NtLockVirtualMemory(HANDLE process, PVOID *base, SIZE_T *size, ULONG kind);
NTSTATUS NTAPI NtUnlockVirtualMemory(HANDLE process, PVOID *base, SIZE_T *size, ULONG kind);

enum {
    MISALIGNED = (int)0x80000002,
    NO_PRIVILEGE = (int)0xC0000061,
    NO_RESOURCES = (int)0xC000009A,
    NO_ACCESS_RIGHT = (int)0xC0000022,
    WRONG_KIND = (int)0xC000004D,
};

// What the test cannot do without.
static inline void *need(void *pointer)
{
    if (pointer == NULL)
        ExitProcess(1);
    return pointer;
}

static inline void set_privilege(const char *name, DWORD attributes)
{
    TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1};
    HANDLE token;
    EXPECT(OpenProcessToken(OWN_PROCESS, TOKEN_ADJUST_PRIVILEGES, &token));
    EXPECT(LookupPrivilegeValueA(NULL, name, &wanted.Privileges[0].Luid));
    wanted.Privileges[0].Attributes = attributes;
    SetLastError(77);
    EXPECT(AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL));
    EXPECT_EQUAL(GetLastError(), ERROR_SUCCESS);
    EXPECT(CloseHandle(token));
}

static inline void set_lock_memory(DWORD attributes)
{
    set_privilege("SeLockMemoryPrivilege", attributes);
}

#endif
