// Without no-execute pages, whatever can be read can be executed.
// expect: exit 0
// cpu: no-nx
#include "test.h"

static char code[] = {(char)0xC3};

static void test(void)
{
    ((void (*)(void))code)();
    char *page = commit(PAGE);
    page[0] = (char)0xC3;
    ((void (*)(void))page)();
}
