// Four threads add under a critical section, giving the processor up inside it: nothing is lost, and nobody is left waiting.
// expect: exit 0
#include "test.h"

static CRITICAL_SECTION section;
static DWORD sum;

static DWORD WINAPI add(void *argument)
{
    for (int round = 0; round < 100; round++) {
        EnterCriticalSection(&section);
        DWORD before = sum;
        SwitchToThread();
        sum = before + (DWORD)argument;
        LeaveCriticalSection(&section);
    }
    return 0;
}

static DWORD WINAPI try(void *argument)
{
    (void)argument;
    return TryEnterCriticalSection(&section);
}

static void test(void)
{
    HANDLE threads[4];
    DWORD code = 9;
    InitializeCriticalSectionAndSpinCount(&section, 400);
    for (DWORD index = 0; index < 4; index++)
        threads[index] = CreateThread(NULL, 0, add, (void *)(index + 1), 0, NULL);
    EXPECT_EQUAL(WaitForMultipleObjects(4, threads, TRUE, INFINITE), WAIT_OBJECT_0);
    EXPECT_EQUAL(sum, 1000);
    EXPECT_EQUAL(section.LockCount, -1);
    EXPECT(section.LockSemaphore != NULL);
    EnterCriticalSection(&section);
    HANDLE thread = CreateThread(NULL, 0, try, NULL, 0, NULL);
    EXPECT_EQUAL(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    EXPECT(GetExitCodeThread(thread, &code));
    EXPECT_EQUAL(code, FALSE);
    LeaveCriticalSection(&section);
    DeleteCriticalSection(&section);
}
