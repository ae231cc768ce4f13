// The first byte of kernel space cannot be read.
// expect: exception C0000005
// message: 80000000
#include "test.h"

static void test(void)
{
    read_word(0x80000000);
}
