// Timers' services: states that are told, what is left, hostile arguments, and a flood of timers that dies with its process.
// expect: exit 0
#include <stdint.h>

#include "names.h"

NTSTATUS NTAPI NtCreateTimer(HANDLE *timer, ULONG access, const void *attributes, ULONG kind);
NTSTATUS NTAPI NtOpenTimer(HANDLE *timer, ULONG access, const void *attributes);
NTSTATUS NTAPI NtSetTimer(HANDLE timer, const void *due, PVOID routine, PVOID context, ULONG resume, LONG period, void *before);
NTSTATUS NTAPI NtCancelTimer(HANDLE timer, void *state);
NTSTATUS NTAPI NtQueryTimer(HANDLE timer, ULONG class, void *buffer, ULONG length, void *returned);

static VOID NTAPI never(PVOID context, ULONG low, LONG high)
{
    (void)context, (void)low, (void)high;
    failures++;
}

static const LONGLONG at_once = 0, in_an_hour = -36000000000, for_ever = INT64_MAX, longest = INT64_MIN;

static void states(HANDLE timer)
{
    struct {
        LONGLONG left;
        DWORD state, rest;
    } information;
    ULONG length = 0;
    BYTE state[4] = {7, 7, 7, 7};
    EXPECT_EQUAL(NtSetTimer(timer, &in_an_hour, NULL, NULL, 0, 0, state), SUCCESS);
    EXPECT(state[0] == 0 && state[1] == 7);
    EXPECT_EQUAL(NtQueryTimer(timer, 0, &information, 16, &length), SUCCESS);
    EXPECT(information.left > 0 && information.left <= -in_an_hour);
    EXPECT_EQUAL(information.state, 0);
    EXPECT_EQUAL(length, 16);
    EXPECT_EQUAL(NtSetTimer(timer, &at_once, NULL, NULL, 0, 0, state), SUCCESS);
    EXPECT_EQUAL(state[0], 0);
    EXPECT_EQUAL(NtQueryTimer(timer, 0, &information, 16, NULL), SUCCESS);
    EXPECT(information.left < 0 && information.state == 1);
    EXPECT_EQUAL(NtSetTimer(timer, &longest, NULL, NULL, 0, MAXLONG, state), SUCCESS);
    EXPECT_EQUAL(state[0], 1);
    EXPECT_EQUAL(NtCancelTimer(timer, state), SUCCESS);
    EXPECT_EQUAL(state[0], 0);
    EXPECT_EQUAL(NtSetTimer(timer, &for_ever, NULL, NULL, 1, 0, NULL), 0x40000025);
    EXPECT_EQUAL(NtSetTimer(timer, &at_once, NULL, NULL, 0, -1, state), PARAMETER_6);
    EXPECT_EQUAL(NtQueryTimer(timer, 1, &information, 16, NULL), BAD_INFO_CLASS);
    EXPECT_EQUAL(NtQueryTimer(timer, 0, &information, 12, NULL), LENGTH_MISMATCH);
    EXPECT_EQUAL(NtCreateTimer(&last, TIMER_ALL_ACCESS, NULL, 2), PARAMETER_4);
    EXPECT_EQUAL(NtOpenTimer(&last, TIMER_ALL_ACCESS, NULL), BAD_PARAMETER);
    EXPECT_EQUAL(NtOpenTimer(&last, TIMER_ALL_ACCESS, named(NULL, L"\\KnownDlls", 0)), TYPE_MISMATCH);
    EXPECT_EQUAL(NtCancelTimer(OWN_PROCESS, NULL), TYPE_MISMATCH);
}

static void pointers(HANDLE timer, PVOID pointer)
{
    DWORD buffer[4];
    EXPECT_EQUAL(NtCreateTimer(pointer, TIMER_ALL_ACCESS, NULL, 0), VIOLATION);
    EXPECT_EQUAL(NtSetTimer(timer, pointer, NULL, NULL, 0, 0, NULL), VIOLATION);
    EXPECT_EQUAL(NtQueryTimer(timer, 0, pointer, 16, NULL), VIOLATION);
    if (pointer == NULL)
        return;
    EXPECT_EQUAL(NtSetTimer(timer, &at_once, NULL, NULL, 0, 0, pointer), VIOLATION);
    EXPECT_EQUAL(NtCancelTimer(timer, pointer), VIOLATION);
    EXPECT_EQUAL(NtQueryTimer(timer, 0, buffer, 16, pointer), VIOLATION);
}

static void test(void)
{
    static const DWORD hostile[] = {0, 0x1000, 0x7FFF0000, 0x80000000, 0x80100000, 0xC0000000, 0xFFFFFFF8};
    HANDLE timer;
    EXPECT_EQUAL(NtCreateTimer(&timer, TIMER_ALL_ACCESS, named(NULL, L"\\BaseNamedObjects\\t", 0), 0), SUCCESS);
    states(timer);
    for (DWORD index = 0; index < sizeof hostile / sizeof *hostile; index++)
        pointers(timer, (PVOID)hostile[index]);

    // Every millisecond all of them come, half of them behind others that do not, and their calls wait for this thread.
    for (DWORD index = 0; index < 400; index++) {
        EXPECT_EQUAL(NtCreateTimer(&timer, TIMER_ALL_ACCESS, NULL, index & 1), SUCCESS);
        EXPECT_EQUAL(NtSetTimer(timer, index % 4 == 0 ? &in_an_hour : &at_once, never, timer, 0, 1, NULL), SUCCESS);
        if (index % 8 == 1)
            CLOSE(timer);
    }
    Sleep(50);
}
