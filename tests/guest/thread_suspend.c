// A suspended thread stands still, waiting or not, and counts; what it waited for is its own again afterwards.
// expect: exit 0
#include "test.h"

static volatile LONG spins;
static HANDLE event;

static DWORD WINAPI spin(void *argument)
{
    (void)argument;
    for (;;)
        InterlockedIncrement(&spins);
    return 0;
}

static DWORD WINAPI wait(void *argument)
{
    (void)argument;
    return WaitForSingleObject(event, INFINITE);
}

static void test(void)
{
    DWORD code = 0;
    HANDLE thread = CreateThread(NULL, 0, spin, NULL, CREATE_SUSPENDED, NULL);
    Sleep(30);
    EXPECT_EQUAL(spins, 0);
    EXPECT_EQUAL(SuspendThread(thread), 1);
    EXPECT_EQUAL(ResumeThread(thread), 2);
    EXPECT_EQUAL(ResumeThread(thread), 1);
    EXPECT_EQUAL(ResumeThread(thread), 0);
    Sleep(50);
    EXPECT(spins != 0);
    EXPECT_EQUAL(SuspendThread(thread), 0);
    LONG stopped = spins;
    Sleep(50);
    EXPECT_EQUAL(spins, stopped);
    EXPECT(GetExitCodeThread(thread, &code));
    EXPECT_EQUAL(code, STILL_ACTIVE);
    EXPECT(TerminateThread(thread, 77));
    EXPECT_EQUAL(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    EXPECT(GetExitCodeThread(thread, &code));
    EXPECT_EQUAL(code, 77);

    event = CreateEventW(NULL, FALSE, FALSE, NULL);
    HANDLE waiter = CreateThread(NULL, 0, wait, NULL, 0, NULL);
    Sleep(20);
    EXPECT_EQUAL(SuspendThread(waiter), 0);
    Sleep(20);
    EXPECT(SetEvent(event));
    // The suspended thread has left the event, so that it is still set.
    EXPECT_EQUAL(WaitForSingleObject(waiter, 50), WAIT_TIMEOUT);
    EXPECT_EQUAL(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
    EXPECT(SetEvent(event));
    EXPECT_EQUAL(ResumeThread(waiter), 1);
    EXPECT_EQUAL(WaitForSingleObject(waiter, INFINITE), WAIT_OBJECT_0);
}
