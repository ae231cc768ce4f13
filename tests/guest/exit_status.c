// All 32 bits of the exit status come through.
// expect: exit 0xC0DE1234
#include "test.h"

static void test(void)
{
    ExitProcess(0xC0DE1234);
}
