// The gate 2E with the arguments at addresses that are nobody's or the kernel's.
// expect: exit 0
#include "system_call.h"

static void test(void)
{
    static const DWORD places[] = {0, 4, 0x80000000, 0x80100000, 0xC0000000, 0x7FFF0000, 0x7FFEFFFC, 0xFFFFFFFC, 0xFFFFFFFF};
    static const DWORD services[] = {ALLOCATE_SERVICE, CLOSE_SERVICE, 0x25, 0x6C, 0xB2, 0x112, 0x101};
    for (DWORD place = 0; place < sizeof places / sizeof *places; place++)
        for (DWORD service = 0; service < sizeof services / sizeof *services; service++)
            EXPECT_EQUAL(call_by_gate(services[service], (PVOID)places[place]), VIOLATION);
    // The last word of the arguments would be the kernel's: all six must be readable.
    EXPECT_EQUAL(call_by_gate(ALLOCATE_SERVICE, (PVOID)(0x7FFF0000 - 20)), VIOLATION);
    // A service without arguments reads none.
    EXPECT(call_by_gate(YIELD_SERVICE, (PVOID)0x80000000) >= 0);
}
