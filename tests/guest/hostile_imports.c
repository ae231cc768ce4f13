// A program whose import table names addresses outside of it is refused.
// expect: loader
// message: C000007B
#include "test.h"

__asm__(
    ".section .idata$2, \"dr\"\n"
    ".long 0xFFFFFFF0, 0, 0, 0x80000000, 0x7FFFFFFF\n"
    ".text\n");

static void test(void)
{
}
