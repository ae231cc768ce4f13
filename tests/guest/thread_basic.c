// A thread gets its argument, runs on its own stack with its own TEB, and its exit code is told to who waits for it.
// expect: exit 0
#include "test.h"

static DWORD thread_identifier, thread_block, stack_word;

static DWORD own_block(void)
{
    DWORD block;
    __asm__ volatile("mov %%fs:0x18, %0" : "=r"(block));
    return block;
}

static DWORD WINAPI body(void *argument)
{
    DWORD local = 0;
    thread_identifier = GetCurrentThreadId();
    thread_block = own_block();
    stack_word = (DWORD)&local;
    return (DWORD)argument + 1;
}

static void test(void)
{
    DWORD identifier = 0, code = 0, local = 0;
    HANDLE thread = CreateThread(NULL, 0, body, (void *)41, 0, &identifier);
    EXPECT(thread != NULL);
    EXPECT_EQUAL(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    EXPECT(GetExitCodeThread(thread, &code));
    EXPECT_EQUAL(code, 42);
    EXPECT_EQUAL(thread_identifier, identifier);
    EXPECT(identifier != GetCurrentThreadId());
    EXPECT(thread_block != own_block());
    EXPECT(stack_word - (DWORD)&local > 0x1000 && (DWORD)&local - stack_word > 0x1000);
    // The end of a thread is for good.
    EXPECT_EQUAL(WaitForSingleObject(thread, 0), WAIT_OBJECT_0);
    EXPECT(CloseHandle(thread));
    EXPECT_ERROR(CloseHandle(thread), ERROR_INVALID_HANDLE);
}
