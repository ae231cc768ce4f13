// Thread-local slots are each thread's own, the first 64 and those behind them, and begin with zeros.
// expect: exit 0
#include "test.h"

static DWORD slots[80];

static DWORD WINAPI body(void *argument)
{
    DWORD wrong = 0;
    for (int index = 0; index < 80; index++) {
        wrong += TlsGetValue(slots[index]) != NULL;
        TlsSetValue(slots[index], (char *)argument + index);
    }
    SwitchToThread();
    for (int index = 0; index < 80; index++)
        wrong += TlsGetValue(slots[index]) != (char *)argument + index;
    return wrong;
}

static void test(void)
{
    HANDLE threads[2];
    for (int index = 0; index < 80; index++) {
        slots[index] = TlsAlloc();
        EXPECT(TlsSetValue(slots[index], (PVOID)5));
    }
    for (DWORD index = 0; index < 2; index++)
        threads[index] = CreateThread(NULL, 0, body, (void *)(0x1000 * (index + 1)), 0, NULL);
    EXPECT_EQUAL(WaitForMultipleObjects(2, threads, TRUE, INFINITE), WAIT_OBJECT_0);
    for (int index = 0; index < 2; index++) {
        DWORD wrong = 1;
        EXPECT(GetExitCodeThread(threads[index], &wrong));
        EXPECT_EQUAL(wrong, 0);
    }
    EXPECT(TlsGetValue(slots[0]) == (PVOID)5 && TlsGetValue(slots[79]) == (PVOID)5);
}
