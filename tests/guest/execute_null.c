// A call through a null pointer ends at address 0.
// expect: exception C0000005 at 00000000
#include "test.h"

static void test(void)
{
    call_address(0);
}
