// AWE across processes: frames belong to the process that they were allocated for, whoever asked, and go with it.
// expect: exit 0
// cc: -ladvapi32
#include "lock_memory.h"
#include "process.h"

enum { TERMINATING = (int)0xC000010A };

static void test(void)
{
    const char *line = GetCommandLineA();
    if (line[length_of(line) - 1] == '2')
        return;
    set_lock_memory(SE_PRIVILEGE_ENABLED);
    ULONG_PTR frames[6], count = 6;
    char *window = need(VirtualAlloc(NULL, 8 * PAGE, MEM_RESERVE | MEM_PHYSICAL, PAGE_READWRITE));
    PROCESS_INFORMATION child;
    char command[] = "C:\\awe_processes.exe 2";
    if (!CreateProcessA(NULL, command, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &startup, &child))
        ExitProcess(1);
    EXPECT_EQUAL(NtAllocateUserPhysicalPages(child.hProcess, &count, frames), SUCCESS);
    EXPECT_EQUAL(count, 6);
    // They are the child's, not the caller's.
    EXPECT_EQUAL(NtMapUserPhysicalPages(window, 1, frames), CONFLICT);
    count = 6;
    EXPECT_EQUAL(NtFreeUserPhysicalPages(OWN_PROCESS, &count, frames), CONFLICT);
    EXPECT_EQUAL(count, 0);
    count = 2;
    EXPECT(FreeUserPhysicalPages(child.hProcess, &count, frames) && count == 2);
    count = 2;
    EXPECT_EQUAL(NtFreeUserPhysicalPages(child.hProcess, &count, frames + 1), CONFLICT);
    EXPECT_EQUAL(count, 0);
    // A window of the child's is its own affair as well.
    PVOID there = VirtualAllocEx(child.hProcess, NULL, 8 * PAGE, MEM_RESERVE | MEM_PHYSICAL, PAGE_READWRITE);
    EXPECT(there != NULL);
    EXPECT(VirtualFreeEx(child.hProcess, there, 0, MEM_RELEASE));
    EXPECT(ResumeThread(child.hThread) == 1);
    EXPECT_EQUAL(WaitForSingleObject(child.hProcess, 20000), WAIT_OBJECT_0);
    count = 1;
    EXPECT_EQUAL(NtAllocateUserPhysicalPages(child.hProcess, &count, frames), TERMINATING);
    EXPECT_EQUAL(NtFreeUserPhysicalPages(child.hProcess, &count, frames + 3), TERMINATING);
    EXPECT_EQUAL(finish(&child), 0);
    // Without the privilege nothing is given to others either; children inherit it switched on.
    set_lock_memory(0);
    count = 1;
    EXPECT_ERROR(AllocateUserPhysicalPages(OWN_PROCESS, &count, frames), ERROR_PRIVILEGE_NOT_HELD);
}
