// Waitable timers: one time and again and again, both kinds, their calls, their names, and what is refused.
// expect: exit 0
#include "test.h"

static LARGE_INTEGER in_milliseconds(LONG milliseconds)
{
    return (LARGE_INTEGER){.QuadPart = -(LONGLONG)milliseconds * 10000};
}

static BOOL set(HANDLE timer, LONG milliseconds, LONG period)
{
    LARGE_INTEGER due = in_milliseconds(milliseconds);
    return SetWaitableTimer(timer, &due, period, NULL, NULL, FALSE);
}

static LONGLONG now(void)
{
    FILETIME time;
    GetSystemTimeAsFileTime(&time);
    return (LONGLONG)((ULONGLONG)time.dwHighDateTime << 32 | time.dwLowDateTime);
}

static volatile DWORD calls;
static volatile LONGLONG called_at;
static PVOID argument_seen;

static VOID CALLBACK call(LPVOID argument, DWORD low, DWORD high)
{
    calls++;
    argument_seen = argument;
    called_at = (LONGLONG)((ULONGLONG)high << 32 | low);
}

static void times(void)
{
    HANDLE manual = CreateWaitableTimerW(NULL, TRUE, NULL), automatic = CreateWaitableTimerA(NULL, FALSE, NULL);
    EXPECT(manual != NULL && automatic != NULL);
    EXPECT_EQUAL(WaitForSingleObject(manual, 0), WAIT_TIMEOUT);
    LONGLONG start = now();
    EXPECT(set(manual, 40, 0) && set(automatic, 40, 0));
    EXPECT_EQUAL(WaitForSingleObject(manual, 0), WAIT_TIMEOUT);
    HANDLE both[2] = {manual, automatic};
    EXPECT_EQUAL(WaitForMultipleObjects(2, both, TRUE, 20000), WAIT_OBJECT_0);
    EXPECT(now() - start >= 40 * 10000);
    EXPECT_EQUAL(WaitForSingleObject(manual, 0), WAIT_OBJECT_0);
    EXPECT_EQUAL(WaitForSingleObject(automatic, 0), WAIT_TIMEOUT);

    // Set anew it is not signalled any more, and cancelled it stays as it is.
    EXPECT(set(manual, 60000, 0));
    EXPECT_EQUAL(WaitForSingleObject(manual, 0), WAIT_TIMEOUT);
    EXPECT(set(manual, 20, 0) && CancelWaitableTimer(manual) && CancelWaitableTimer(manual));
    EXPECT_EQUAL(WaitForSingleObject(manual, 100), WAIT_TIMEOUT);
    // Now, by both clocks, and a time that is past.
    EXPECT(set(manual, 0, 0));
    EXPECT_EQUAL(WaitForSingleObject(manual, 0), WAIT_OBJECT_0);
    LARGE_INTEGER due = {.QuadPart = now() - 1};
    EXPECT(SetWaitableTimer(automatic, &due, 0, NULL, NULL, FALSE));
    EXPECT_EQUAL(WaitForSingleObject(automatic, 0), WAIT_OBJECT_0);
    due.QuadPart = now() + 30 * 10000;
    EXPECT(SetWaitableTimer(automatic, &due, 0, NULL, NULL, FALSE));
    EXPECT_EQUAL(WaitForSingleObject(automatic, 20000), WAIT_OBJECT_0);
    EXPECT(now() >= due.QuadPart);

    start = now();
    EXPECT(set(automatic, 20, 20));
    for (int index = 0; index < 5; index++)
        EXPECT_EQUAL(WaitForSingleObject(automatic, 20000), WAIT_OBJECT_0);
    EXPECT(now() - start >= 5 * 20 * 10000);
    EXPECT(CancelWaitableTimer(automatic));
    WaitForSingleObject(automatic, 0);
    EXPECT_EQUAL(WaitForSingleObject(automatic, 100), WAIT_TIMEOUT);
    EXPECT(set(automatic, 60000, 1) && CloseHandle(automatic) && CloseHandle(manual));
}

static DWORD WINAPI sets_and_ends(void *timer)
{
    LARGE_INTEGER due = in_milliseconds(20);
    return SetWaitableTimer(timer, &due, 0, call, NULL, FALSE);
}

static void calls_made(void)
{
    HANDLE timer = CreateWaitableTimerW(NULL, FALSE, NULL);
    LARGE_INTEGER due = in_milliseconds(20);
    LONGLONG start = now();
    EXPECT(SetWaitableTimer(timer, &due, 0, call, &due, FALSE));
    // Not in a wait that is not alertable.
    EXPECT_EQUAL(WaitForSingleObject(timer, 20000), WAIT_OBJECT_0);
    Sleep(1);
    EXPECT_EQUAL(calls, 0);
    EXPECT_EQUAL(SleepEx(20000, TRUE), WAIT_IO_COMPLETION);
    EXPECT_EQUAL(calls, 1);
    EXPECT(argument_seen == &due);
    EXPECT(called_at >= start + 20 * 10000 && called_at <= now());
    EXPECT_EQUAL(SleepEx(0, TRUE), 0);

    // Every time, until it is cancelled, and a call that waits is taken back.
    EXPECT(SetWaitableTimer(timer, &due, 20, call, NULL, FALSE));
    for (int index = 0; index < 3; index++)
        EXPECT_EQUAL(SleepEx(20000, TRUE), WAIT_IO_COMPLETION);
    EXPECT_EQUAL(calls, 4);
    Sleep(60);
    EXPECT(CancelWaitableTimer(timer));
    EXPECT_EQUAL(SleepEx(0, TRUE), 0);
    EXPECT_EQUAL(calls, 4);
    // Without its routine it calls nobody.
    EXPECT(SetWaitableTimer(timer, &due, 0, call, NULL, FALSE) && set(timer, 20, 0));
    EXPECT_EQUAL(WaitForSingleObjectEx(timer, 20000, TRUE), WAIT_OBJECT_0);
    EXPECT_EQUAL(SleepEx(0, TRUE), 0);

    // The thread that set it ends, and so does that: the timer comes no more.
    HANDLE thread = CreateThread(NULL, 0, sets_and_ends, timer, 0, NULL);
    EXPECT_EQUAL(WaitForSingleObject(thread, 20000), WAIT_OBJECT_0);
    EXPECT(CloseHandle(thread));
    EXPECT_EQUAL(WaitForSingleObject(timer, 100), WAIT_TIMEOUT);
    // Its last handle is closed, and it calls all the same.
    EXPECT(SetWaitableTimer(timer, &due, 0, call, NULL, FALSE) && CloseHandle(timer));
    EXPECT_EQUAL(SleepEx(20000, TRUE), WAIT_IO_COMPLETION);
    EXPECT_EQUAL(calls, 5);
    timer = CreateWaitableTimerW(NULL, FALSE, NULL);
    EXPECT(SetWaitableTimer(timer, &due, 1, call, NULL, FALSE) && CloseHandle(timer));
    // That one is left to the end of this process.
}

static void names(void)
{
    HANDLE timer = CreateWaitableTimerA(NULL, TRUE, "Local\\timer");
    HANDLE again = CreateWaitableTimerW(NULL, FALSE, L"Global\\timer");
    EXPECT_EQUAL(GetLastError(), ERROR_ALREADY_EXISTS);
    HANDLE other = OpenWaitableTimerA(SYNCHRONIZE, FALSE, "timer");
    HANDLE fourth = OpenWaitableTimerW(TIMER_MODIFY_STATE, FALSE, L"timer");
    EXPECT(timer != NULL && again != NULL && other != NULL && fourth != NULL);
    EXPECT_ERROR(set(other, 10, 0), ERROR_ACCESS_DENIED);
    EXPECT_ERROR(CancelWaitableTimer(other), ERROR_ACCESS_DENIED);
    EXPECT(set(fourth, 0, 0));
    EXPECT_EQUAL(WaitForSingleObject(other, 0), WAIT_OBJECT_0);
    EXPECT_ERROR(CreateEventA(NULL, TRUE, TRUE, "timer"), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(OpenWaitableTimerA(SYNCHRONIZE, FALSE, "no timer"), ERROR_FILE_NOT_FOUND);
    EXPECT_ERROR(OpenWaitableTimerW(SYNCHRONIZE, FALSE, NULL), ERROR_INVALID_PARAMETER);
    HANDLE event = CreateEventA(NULL, TRUE, TRUE, "event");
    EXPECT_ERROR(CreateWaitableTimerA(NULL, TRUE, "event"), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(set(event, 10, 0), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(set((HANDLE)0x1234, 10, 0), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(set(timer, 10, -1), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(SetWaitableTimer(timer, NULL, 0, NULL, NULL, FALSE), ERROR_NOACCESS);
    EXPECT_ERROR(SetWaitableTimer(timer, (LARGE_INTEGER *)0x80000000, 0, NULL, NULL, FALSE), ERROR_NOACCESS);
    EXPECT_EQUAL(WaitForSingleObject(timer, 0), WAIT_OBJECT_0);
    LARGE_INTEGER due = in_milliseconds(0);
    EXPECT(SetWaitableTimer(timer, &due, 0, NULL, NULL, TRUE));
    EXPECT_EQUAL(GetLastError(), ERROR_NOT_SUPPORTED);
    EXPECT_EQUAL(WaitForSingleObject(timer, 0), WAIT_OBJECT_0);
}

static void test(void)
{
    times();
    calls_made();
    names();
}
