// A thread tries to give its TEB back, which the system relies on, and ends through the kernel alone: nothing stays behind and the others go on.
// expect: exit 0
#include "test.h"

NTSTATUS NTAPI NtTerminateThread(HANDLE thread, NTSTATUS status);

static DWORD WINAPI body(void *argument)
{
    (void)argument;
    DWORD block;
    __asm__ volatile("mov %%fs:0x18, %0" : "=r"(block));
    EXPECT_EQUAL(free_at((PVOID)block, 0, MEM_RELEASE), BAD_PROTECTION);
    NtTerminateThread((HANDLE)-2, 6);
    return 0;
}

static void test(void)
{
    DWORD code = 0;
    HANDLE thread = CreateThread(NULL, 0, body, NULL, 0, NULL);
    EXPECT_EQUAL(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    EXPECT(GetExitCodeThread(thread, &code));
    EXPECT_EQUAL(code, 6);
}
