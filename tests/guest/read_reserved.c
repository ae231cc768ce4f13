// Reserved memory holds nothing that could be read.
// expect: exception C0000005
#include "test.h"

static void test(void)
{
    (void)*(volatile char *)reserve(PAGE);
}
