// Nor can a program write to the page directory that maps everything.
// expect: exception C0000005
// message: C0600000
#include "test.h"

static void test(void)
{
    write_word(0xC0600000, 7);
}
