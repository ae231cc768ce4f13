// Without `debug` on the kernel's command line NtSystemDebugControl does nothing for anyone, whatever the request.
// expect: exit 0
#include "test.h"

NTSTATUS NTAPI NtSystemDebugControl(ULONG command, PVOID in, ULONG in_length, PVOID out, ULONG out_length, ULONG *done);

#define DENIED 0xC0000022

static void test(void)
{
    DWORD word = 0x11223344, done = 7;
    DWORD by_address[3] = {0xFFDFF01C, (DWORD)&word, 4};
    DWORD by_frame[4] = {0, 0, (DWORD)&word, 4};
    EXPECT_EQUAL(NtSystemDebugControl(8, by_address, 12, NULL, 0, &done), DENIED);
    EXPECT_EQUAL(NtSystemDebugControl(10, by_frame, 16, NULL, 0, &done), DENIED);
    EXPECT_EQUAL(NtSystemDebugControl(8, NULL, 12, NULL, 0, NULL), DENIED);
    EXPECT_EQUAL(NtSystemDebugControl(99, (PVOID)0x80000000, 1, NULL, 0, (ULONG *)0xFFFFFFFF), DENIED);
    EXPECT_EQUAL(word, 0x11223344);
    EXPECT_EQUAL(done, 7);
    EXPECT_EQUAL(*(volatile BYTE *)0x7FFE02D4, 0);
}
