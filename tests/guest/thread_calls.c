// Calls queued to a thread are made when it waits alertably, one after the other; the wait answers that it was interrupted.
// expect: exit 0
#include "test.h"

static DWORD order[4], count;
static HANDLE never;

static void CALLBACK note(ULONG_PTR value)
{
    order[count++] = value;
}

static DWORD WINAPI waiter(void *argument)
{
    (void)argument;
    return WaitForSingleObjectEx(never, INFINITE, TRUE);
}

static void test(void)
{
    never = CreateEventW(NULL, FALSE, FALSE, NULL);
    EXPECT(QueueUserAPC(note, GetCurrentThread(), 1) && QueueUserAPC(note, GetCurrentThread(), 2));
    Sleep(10);
    EXPECT_EQUAL(count, 0);
    EXPECT_EQUAL(SleepEx(INFINITE, TRUE), WAIT_IO_COMPLETION);
    EXPECT_EQUAL(count, 2);
    EXPECT(order[0] == 1 && order[1] == 2);
    EXPECT_EQUAL(SleepEx(0, TRUE), 0);
    HANDLE thread = CreateThread(NULL, 0, waiter, NULL, 0, NULL);
    DWORD code = 0;
    Sleep(20);
    EXPECT(QueueUserAPC(note, thread, 3));
    EXPECT_EQUAL(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    EXPECT(GetExitCodeThread(thread, &code));
    EXPECT_EQUAL(code, WAIT_IO_COMPLETION);
    EXPECT(count == 3 && order[2] == 3);
    // A thread that has ended takes none.
    EXPECT(!QueueUserAPC(note, thread, 4));
}
