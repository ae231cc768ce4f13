// A handler that overflows the stack, on the page that the first overflow left it.
// expect: exception C0000005
#include "handler.h"

static int recurse(volatile int depth)
{
    volatile char room[1000];
    room[0] = (char)depth;
    return depth >= 0 ? recurse(depth + 1) + room[0] : 0;
}

static DWORD __cdecl recursing(EXCEPTION_RECORD *record, registration *own, CONTEXT *context, void *dispatcher)
{
    (void)record, (void)own, (void)context, (void)dispatcher;
    return (DWORD)recurse(0);
}

static void test(void)
{
    registration own;
    push_handler(&own, recursing);
    recurse(0);
}
