// The last 64 KB below kernel space belong to nobody.
// expect: exception C0000005
// message: 7FFF0000
#include "test.h"

static void test(void)
{
    read_word(0x7FFF0000);
}
