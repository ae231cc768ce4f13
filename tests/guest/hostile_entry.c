// A program whose entry point is not in it is refused.
// expect: loader
// message: C000007B
// cc: -Wl,--entry=0x7FFFFFFF
#include "test.h"

static void test(void)
{
}
