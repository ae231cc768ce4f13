// Events, semaphores and mutexes: what a wait takes, what it answers, and what is refused.
// expect: exit 0
#include "test.h"

static HANDLE mutex;

static DWORD WINAPI abandon(void *argument)
{
    (void)argument;
    return WaitForSingleObject(mutex, INFINITE);
}

static DWORD WINAPI steal(void *argument)
{
    (void)argument;
    SetLastError(0);
    return ReleaseMutex(mutex) ? 0 : GetLastError();
}

static DWORD in_thread(LPTHREAD_START_ROUTINE routine)
{
    DWORD code = 0xFFFFFFFF;
    HANDLE thread = CreateThread(NULL, 0, routine, NULL, 0, NULL);
    EXPECT_EQUAL(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    EXPECT(GetExitCodeThread(thread, &code) && CloseHandle(thread));
    return code;
}

static void test(void)
{
    HANDLE manual = CreateEventW(NULL, TRUE, TRUE, NULL), automatic = CreateEventA(NULL, FALSE, TRUE, NULL);
    EXPECT_EQUAL(WaitForSingleObject(manual, 0), WAIT_OBJECT_0);
    EXPECT_EQUAL(WaitForSingleObject(manual, 0), WAIT_OBJECT_0);
    EXPECT_EQUAL(WaitForSingleObject(automatic, 0), WAIT_OBJECT_0);
    EXPECT_EQUAL(WaitForSingleObject(automatic, 0), WAIT_TIMEOUT);
    EXPECT(ResetEvent(manual) && SetEvent(automatic));
    HANDLE both[2] = {manual, automatic};
    EXPECT_EQUAL(WaitForMultipleObjects(2, both, TRUE, 10), WAIT_TIMEOUT);
    EXPECT_EQUAL(WaitForMultipleObjects(2, both, FALSE, 0), WAIT_OBJECT_0 + 1);
    EXPECT(SetEvent(automatic) && SetEvent(manual));
    EXPECT_EQUAL(WaitForMultipleObjects(2, both, TRUE, INFINITE), WAIT_OBJECT_0);
    EXPECT_EQUAL(WaitForSingleObject(automatic, 0), WAIT_TIMEOUT);
    EXPECT(PulseEvent(manual));
    EXPECT_EQUAL(WaitForSingleObject(manual, 0), WAIT_TIMEOUT);

    LONG before = -1;
    HANDLE semaphore = CreateSemaphoreW(NULL, 1, 2, NULL);
    EXPECT(ReleaseSemaphore(semaphore, 1, &before));
    EXPECT_EQUAL(before, 1);
    EXPECT_ERROR(ReleaseSemaphore(semaphore, 1, &before), ERROR_TOO_MANY_POSTS);
    EXPECT_ERROR(ReleaseSemaphore(semaphore, 0, &before), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(WaitForSingleObject(semaphore, 0), WAIT_OBJECT_0);
    EXPECT_EQUAL(WaitForSingleObject(semaphore, 0), WAIT_OBJECT_0);
    EXPECT_EQUAL(WaitForSingleObject(semaphore, 0), WAIT_TIMEOUT);
    EXPECT_ERROR(CreateSemaphoreA(NULL, 3, 2, NULL), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(CreateSemaphoreA(NULL, 0, 0, NULL), ERROR_INVALID_PARAMETER);

    mutex = CreateMutexW(NULL, TRUE, NULL);
    EXPECT_EQUAL(WaitForSingleObject(mutex, 0), WAIT_OBJECT_0);
    EXPECT_EQUAL(in_thread(steal), ERROR_NOT_OWNER);
    EXPECT(ReleaseMutex(mutex) && ReleaseMutex(mutex));
    EXPECT_ERROR(ReleaseMutex(mutex), ERROR_NOT_OWNER);
    EXPECT_EQUAL(in_thread(abandon), WAIT_OBJECT_0);
    EXPECT_EQUAL(WaitForSingleObject(mutex, 0), WAIT_ABANDONED);
    EXPECT_EQUAL(WaitForSingleObject(mutex, 0), WAIT_OBJECT_0);
    // Owned twice, and its last handle goes: nothing is left behind.
    EXPECT(CloseHandle(mutex));

    EXPECT_EQUAL(WaitForSingleObject((HANDLE)0x1234, 0), WAIT_FAILED);
    EXPECT_EQUAL(GetLastError(), ERROR_INVALID_HANDLE);
    EXPECT_EQUAL(WaitForMultipleObjects(0, both, FALSE, 0), WAIT_FAILED);
    EXPECT_EQUAL(WaitForMultipleObjects(65, both, FALSE, 0), WAIT_FAILED);
    HANDLE twice[2] = {manual, manual};
    EXPECT_EQUAL(WaitForMultipleObjects(2, twice, TRUE, 0), WAIT_FAILED);
    EXPECT_EQUAL(GetLastError(), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(WaitForMultipleObjects(2, (HANDLE *)0x80000000, FALSE, 0), WAIT_FAILED);
    EXPECT_EQUAL(GetLastError(), ERROR_NOACCESS);
}
