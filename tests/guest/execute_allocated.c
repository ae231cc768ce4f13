// With no-execute pages, allocated memory can be executed only if it was asked for.
// expect: exception C0000005
// cpu: nx
// stdout: asked for
#include "test.h"

static void call(char *code)
{
    code[0] = (char)0xC3;
    ((void (*)(void))code)();
}

static void test(void)
{
    call(VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE));
    put("asked for\n");
    call(commit(PAGE));
}
