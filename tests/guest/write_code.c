// The program's own code cannot be written.
// expect: exception C0000005
#include "test.h"

static void test(void)
{
    *(volatile char *)&mainCRTStartup = (char)0xC3;
}
