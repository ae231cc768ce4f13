// With no-execute pages, neither can the stack.
// expect: exception C0000005
// cpu: nx
#include "test.h"

static void test(void)
{
    volatile char code[] = {(char)0xC3};
    ((void (*)(void))code)();
}
