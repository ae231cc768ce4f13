// With no-execute pages, data cannot be executed.
// expect: exception C0000005
// cpu: nx
#include "test.h"

static char code[] = {(char)0xC3};

static void test(void)
{
    ((void (*)(void))code)();
}
