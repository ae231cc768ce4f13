// The last byte of the address space cannot be read, and the address does not wrap to page 0.
// expect: exception C0000005
// message: FFFFFFFF
#include "test.h"

static void test(void)
{
    read_byte(0xFFFFFFFF);
}
