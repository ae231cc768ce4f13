// The page tables at C0000000 are the kernel's.
// expect: exception C0000005
// message: C0000000
#include "test.h"

static void test(void)
{
    read_word(0xC0000000);
}
