// Alerts: an alertable wait ends with one, also one that came before it; others do not see them.
// expect: exit 0
#include "test.h"

NTSTATUS NTAPI NtAlertThread(HANDLE thread);
NTSTATUS NTAPI NtAlertResumeThread(HANDLE thread, PULONG count);
NTSTATUS NTAPI NtTestAlert(void);
NTSTATUS NTAPI NtDelayExecution(BOOLEAN alertable, PLARGE_INTEGER interval);

enum { ALERTED = 0x101 };

static LARGE_INTEGER short_time = {.QuadPart = -10000}, long_time = {.QuadPart = -100000000};

static DWORD WINAPI body(void *argument)
{
    (void)argument;
    return (DWORD)NtDelayExecution(TRUE, &long_time);
}

static DWORD end(HANDLE thread)
{
    DWORD code = 0;
    EXPECT_EQUAL(WaitForSingleObject(thread, 5000), WAIT_OBJECT_0);
    EXPECT(GetExitCodeThread(thread, &code) && CloseHandle(thread));
    return code;
}

static void test(void)
{
    EXPECT_EQUAL(NtTestAlert(), SUCCESS);
    EXPECT_EQUAL(NtAlertThread(GetCurrentThread()), SUCCESS);
    EXPECT_EQUAL(NtTestAlert(), ALERTED);
    EXPECT_EQUAL(NtTestAlert(), SUCCESS);
    EXPECT_EQUAL(NtAlertThread(GetCurrentThread()), SUCCESS);
    EXPECT_EQUAL(NtDelayExecution(FALSE, &short_time), SUCCESS);
    EXPECT_EQUAL(NtDelayExecution(TRUE, &long_time), ALERTED);
    EXPECT_EQUAL(NtDelayExecution(TRUE, &short_time), SUCCESS);

    HANDLE thread = CreateThread(NULL, 0, body, NULL, 0, NULL);
    Sleep(20);
    EXPECT_EQUAL(NtAlertThread(thread), SUCCESS);
    EXPECT_EQUAL(end(thread), ALERTED);
    ULONG count = 99;
    thread = CreateThread(NULL, 0, body, NULL, CREATE_SUSPENDED, NULL);
    EXPECT_EQUAL(NtAlertResumeThread(thread, &count), SUCCESS);
    EXPECT_EQUAL(count, 1);
    EXPECT_EQUAL(end(thread), ALERTED);

    EXPECT_EQUAL(NtAlertThread((HANDLE)0x1234), BAD_HANDLE);
    EXPECT_EQUAL(NtAlertThread(OWN_PROCESS), (NTSTATUS)0xC0000024);
}
