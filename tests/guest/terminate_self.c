// TerminateProcess on the own pseudo handle ends it at once.
// expect: exit 5
#include "test.h"

static void test(void)
{
    TerminateProcess(GetCurrentProcess(), 5);
    ExitProcess(1);
}
