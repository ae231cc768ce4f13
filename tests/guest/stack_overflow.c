// A stack that has used its whole reserve overflows.
// expect: exception C00000FD
#include "test.h"

static int recurse(volatile int depth)
{
    volatile char room[1000];
    room[0] = (char)depth;
    // Never false, which the compiler does not know.
    return depth >= 0 ? recurse(depth + 1) + room[0] : 0;
}

static void test(void)
{
    recurse(0);
}
