// Thread-local slots, critical sections and interlocked arithmetic.
// expect: exit 0
#include "test.h"

static void test(void)
{
    static DWORD slots[1100];
    int count = 0;
    while (count < 1100 && (slots[count] = TlsAlloc()) != TLS_OUT_OF_INDEXES)
        count++;
    EXPECT_EQUAL(count, 64 + 1024);
    EXPECT(TlsSetValue(slots[63], (PVOID)5) && TlsGetValue(slots[63]) == (PVOID)5 && TlsGetValue(slots[0]) == NULL);
    EXPECT(TlsFree(slots[63]) && TlsAlloc() == slots[63] && TlsGetValue(slots[63]) == NULL);
    EXPECT(TlsSetValue(slots[1087], (PVOID)6) && TlsGetValue(slots[1087]) == (PVOID)6 && TlsGetValue(slots[64]) == NULL);
    EXPECT(TlsFree(slots[1087]) && TlsAlloc() == slots[1087] && TlsGetValue(slots[1087]) == NULL);
    EXPECT_ERROR(TlsSetValue(1088, NULL), ERROR_INVALID_PARAMETER);
    CRITICAL_SECTION section;
    InitializeCriticalSection(&section);
    EnterCriticalSection(&section);
    EnterCriticalSection(&section);
    EXPECT_EQUAL(section.RecursionCount, 2);
    EXPECT_EQUAL(section.OwningThread, GetCurrentThreadId());
    EXPECT(TryEnterCriticalSection(&section));
    for (int round = 0; round < 3; round++)
        LeaveCriticalSection(&section);
    EXPECT_EQUAL(section.LockCount, -1);
    EXPECT_EQUAL(section.OwningThread, 0);
    DeleteCriticalSection(&section);
}
