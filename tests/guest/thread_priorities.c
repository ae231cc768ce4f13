// Priorities are relative to the process's, within its range; a higher one runs first.
// expect: exit 0
#include "test.h"

static volatile LONG ran;

static DWORD WINAPI note(void *argument)
{
    (void)argument;
    return InterlockedIncrement(&ran);
}

static void test(void)
{
    static const int levels[] = {-15, -2, -1, 0, 1, 2, 15};
    HANDLE own = GetCurrentThread();
    for (int index = 0; index < 7; index++) {
        EXPECT(SetThreadPriority(own, levels[index]));
        EXPECT_EQUAL(GetThreadPriority(own), levels[index]);
    }
    EXPECT_ERROR(SetThreadPriority(own, 3), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(GetThreadPriority((HANDLE)0x1234), THREAD_PRIORITY_ERROR_RETURN);
    HANDLE low = CreateThread(NULL, 0, note, NULL, CREATE_SUSPENDED, NULL);
    HANDLE high = CreateThread(NULL, 0, note, NULL, CREATE_SUSPENDED, NULL);
    EXPECT(SetThreadPriority(low, THREAD_PRIORITY_LOWEST) && SetThreadPriority(high, THREAD_PRIORITY_HIGHEST));
    ResumeThread(low);
    ResumeThread(high);
    EXPECT_EQUAL(ran, 0);
    HANDLE both[2] = {low, high};
    DWORD first = 0;
    EXPECT_EQUAL(WaitForMultipleObjects(2, both, TRUE, INFINITE), WAIT_OBJECT_0);
    EXPECT(GetExitCodeThread(high, &first));
    EXPECT_EQUAL(first, 1);
    EXPECT_EQUAL(SetThreadAffinityMask(own, 1), 1);
    EXPECT_ERROR(SetThreadAffinityMask(own, 2), ERROR_INVALID_PARAMETER);
}
