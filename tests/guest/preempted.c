// Two programs that never give up the processor both get on: neither has to wait for the other's end.
// expect: exit 0
// beside: spin
#include "test.h"

static void test(void)
{
    // Whoever runs alone sees short steps only; shared, the clock jumps while the other one runs.
    DWORD start = GetTickCount(), last = start, jumps = 0;
    while (GetTickCount() - start < 500) {
        DWORD now = GetTickCount();
        jumps += now - last > 10;
        last = now;
    }
    EXPECT(jumps >= 2);
}
