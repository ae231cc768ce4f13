// Keeps the processor busy for a second and never gives it up by itself.
// role: helper
#include "test.h"

static void test(void)
{
    DWORD start = GetTickCount();
    while (GetTickCount() - start < 1000)
        ;
}
