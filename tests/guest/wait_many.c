// 64 objects are waited for at once, which takes an array of blocks; a thread sets the last of them.
// expect: exit 0
#include "test.h"

static HANDLE events[64];

static DWORD WINAPI set_last(void *argument)
{
    (void)argument;
    Sleep(20);
    return SetEvent(events[63]) ? 7 : 0;
}

static DWORD WINAPI set_all(void *argument)
{
    (void)argument;
    for (int index = 0; index < 64; index++)
        SetEvent(events[index]);
    return 0;
}

static void test(void)
{
    for (int index = 0; index < 64; index++)
        events[index] = CreateEventW(NULL, FALSE, FALSE, NULL);
    EXPECT_EQUAL(WaitForMultipleObjects(64, events, FALSE, 30), WAIT_TIMEOUT);
    HANDLE thread = CreateThread(NULL, 0, set_last, NULL, 0, NULL);
    EXPECT_EQUAL(WaitForMultipleObjects(64, events, FALSE, INFINITE), WAIT_OBJECT_0 + 63);
    EXPECT_EQUAL(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    HANDLE other = CreateThread(NULL, 0, set_all, NULL, 0, NULL);
    EXPECT_EQUAL(WaitForMultipleObjects(64, events, TRUE, INFINITE), WAIT_OBJECT_0);
    EXPECT_EQUAL(WaitForMultipleObjects(64, events, FALSE, 0), WAIT_TIMEOUT);
    EXPECT_EQUAL(WaitForSingleObject(other, INFINITE), WAIT_OBJECT_0);
}
