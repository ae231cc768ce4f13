// Many pages touched, given back and touched again: every frame comes back, every page is zeros.
// expect: exit 0
#include "test.h"

static void test(void)
{
    for (int round = 0; round < 10; round++) {
        volatile char *range = commit(0x400000);
        for (DWORD at = 0; at < 0x400000; at += PAGE) {
            EXPECT_EQUAL(range[at], 0);
            range[at] = (char)round;
        }
        for (DWORD at = 0; at < 0x400000; at += 2 * PAGE)
            EXPECT(VirtualFree((PVOID)(range + at), PAGE, MEM_DECOMMIT));
        EXPECT(VirtualFree((PVOID)range, 0, MEM_RELEASE));
    }
}
