// A read of address 0 is an access violation.
// expect: exception C0000005
// message: 00000000
#include "test.h"

static void test(void)
{
    read_word(0);
}
