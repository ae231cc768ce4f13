// The stack of a thread that ends by itself is given back, and so is its TEB; that of one that is terminated stays, as in XP.
// expect: exit 0
#include "test.h"

static volatile DWORD stack_word, block;
static HANDLE started;

static DWORD WINAPI body(void *argument)
{
    DWORD local = 0;
    __asm__ volatile("mov %%fs:0x18, %0" : "=r"(block));
    stack_word = (DWORD)&local;
    SetEvent(started);
    if (argument != NULL)
        WaitForSingleObject((HANDLE)argument, INFINITE);
    return 0;
}

static void end(HANDLE thread)
{
    EXPECT_EQUAL(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    EXPECT(CloseHandle(thread));
}

static void test(void)
{
    started = CreateEventW(NULL, FALSE, FALSE, NULL);
    HANDLE never = CreateEventW(NULL, TRUE, FALSE, NULL);
    for (int round = 0; round < 3; round++) {
        end(CreateThread(NULL, 0, body, NULL, 0, NULL));
        EXPECT_EQUAL(WaitForSingleObject(started, 0), WAIT_OBJECT_0);
        EXPECT_EQUAL(query((PVOID)stack_word).State, MEM_FREE);
        EXPECT_EQUAL(query((PVOID)block).State, MEM_FREE);
    }
    HANDLE thread = CreateThread(NULL, 0, body, never, 0, NULL);
    EXPECT_EQUAL(WaitForSingleObject(started, INFINITE), WAIT_OBJECT_0);
    MEMORY_BASIC_INFORMATION stack = query((PVOID)stack_word);
    EXPECT_EQUAL(stack.State, MEM_COMMIT);
    EXPECT_EQUAL(query(stack.AllocationBase).State, MEM_RESERVE);
    EXPECT(TerminateThread(thread, 1));
    end(thread);
    EXPECT_EQUAL(query((PVOID)stack_word).State, MEM_COMMIT);
    EXPECT(VirtualFree(stack.AllocationBase, 0, MEM_RELEASE));
    EXPECT_EQUAL(query((PVOID)block).State, MEM_FREE);

    // A reserve that was asked for, and one that was asked to be committed.
    thread = CreateThread(NULL, 0x40000, body, never, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    EXPECT_EQUAL(WaitForSingleObject(started, INFINITE), WAIT_OBJECT_0);
    stack = query((PVOID)stack_word);
    EXPECT_EQUAL((DWORD)stack.BaseAddress + stack.RegionSize - (DWORD)stack.AllocationBase, 0x40000);
    EXPECT(SetEvent(never));
    end(thread);
    EXPECT_EQUAL(query((PVOID)stack_word).State, MEM_FREE);
    thread = CreateThread(NULL, 0x180000, body, NULL, 0, NULL);
    end(thread);
    EXPECT_ERROR(CreateThread(NULL, 0x7FF00000, body, NULL, 0, NULL), ERROR_NOT_ENOUGH_MEMORY);
}
