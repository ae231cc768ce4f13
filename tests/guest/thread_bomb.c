// Threads until there is no more: a refusal, and everything comes back.
// expect: exit 0
// emulator: translator
#include "test.h"

static HANDLE gate;

static DWORD WINAPI body(void *argument)
{
    (void)argument;
    return WaitForSingleObject(gate, INFINITE);
}

static void test(void)
{
    DWORD count = 0;
    HANDLE last = NULL, thread;
    gate = CreateEventW(NULL, TRUE, FALSE, NULL);
    SetLastError(0);
    while ((thread = CreateThread(NULL, 0, body, NULL, 0, NULL)) != NULL) {
        if (last != NULL)
            CloseHandle(last);
        last = thread;
        count++;
    }
    EXPECT(count > 100);
    DWORD error = GetLastError();
    EXPECT(error == ERROR_NOT_ENOUGH_MEMORY || error == ERROR_NO_SYSTEM_RESOURCES || error == ERROR_COMMITMENT_LIMIT);
    EXPECT(SetEvent(gate));
    EXPECT_EQUAL(WaitForSingleObject(last, INFINITE), WAIT_OBJECT_0);
}
