// Threads by their number, with the rights that were asked for; how long a thread has run.
// expect: exit 0
#include "test.h"

static volatile BOOL go_on = TRUE;

static DWORD WINAPI body(void *argument)
{
    (void)argument;
    while (go_on)
        ;
    return 9;
}

static ULONGLONG number(FILETIME time)
{
    return (ULONGLONG)time.dwHighDateTime << 32 | time.dwLowDateTime;
}

static void test(void)
{
    DWORD identifier = 0, code = 0;
    FILETIME before, created, exited, kernel, user, after;
    GetSystemTimeAsFileTime(&before);
    HANDLE thread = CreateThread(NULL, 0, body, NULL, 0, &identifier);
    HANDLE waiter = OpenThread(SYNCHRONIZE, FALSE, identifier);
    EXPECT(waiter != NULL);
    EXPECT_EQUAL(WaitForSingleObject(waiter, 30), WAIT_TIMEOUT);
    EXPECT_ERROR(GetExitCodeThread(waiter, &code), ERROR_ACCESS_DENIED);
    EXPECT_ERROR(TerminateThread(waiter, 1), ERROR_ACCESS_DENIED);
    EXPECT_EQUAL(SuspendThread(waiter), (DWORD)-1);
    EXPECT_EQUAL(GetLastError(), ERROR_ACCESS_DENIED);
    EXPECT(GetThreadTimes(thread, &created, &exited, &kernel, &user));
    EXPECT(number(created) >= number(before));
    EXPECT_EQUAL(number(exited), 0);
    EXPECT(number(user) > 0);
    EXPECT_ERROR(GetThreadTimes(waiter, &created, &exited, &kernel, &user), ERROR_ACCESS_DENIED);
    go_on = FALSE;
    EXPECT_EQUAL(WaitForSingleObject(waiter, INFINITE), WAIT_OBJECT_0);
    GetSystemTimeAsFileTime(&after);
    EXPECT(GetThreadTimes(thread, &created, &exited, &kernel, &user));
    EXPECT(number(exited) >= number(created) && number(exited) <= number(after));
    EXPECT(number(kernel) + number(user) <= number(exited) - number(created));

    // The number is the thread's as long as there is a handle to it.
    HANDLE again = OpenThread(THREAD_QUERY_INFORMATION, FALSE, identifier);
    EXPECT(GetExitCodeThread(again, &code));
    EXPECT_EQUAL(code, 9);
    EXPECT(CloseHandle(again) && CloseHandle(waiter) && CloseHandle(thread));
    EXPECT_ERROR(OpenThread(SYNCHRONIZE, FALSE, identifier), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(OpenThread(SYNCHRONIZE, FALSE, 0), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(OpenThread(SYNCHRONIZE, FALSE, GetCurrentProcessId()), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(GetThreadTimes((HANDLE)0x1234, &created, &exited, &kernel, &user), ERROR_INVALID_HANDLE);
}
