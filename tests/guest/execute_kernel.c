// Kernel code cannot be called.
// expect: exception C0000005 at 80100000
#include "test.h"

static void test(void)
{
    call_address(0x80100000);
}
