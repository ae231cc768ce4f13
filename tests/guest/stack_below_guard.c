// Only the guard page makes the stack grow: who jumps over it hits reserved memory.
// expect: exception C0000005
#include "test.h"

static void test(void)
{
    volatile char here;
    *(&here - 0x20000) = 1;
}
