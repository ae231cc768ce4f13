// A handler that causes the exception it handles, for ever: the stack ends it.
// expect: exception C0000005
#include "handler.h"

static DWORD __cdecl faulting(EXCEPTION_RECORD *record, registration *own, CONTEXT *context, void *dispatcher)
{
    (void)record, (void)own, (void)context, (void)dispatcher;
    return read_word(4);
}

static void test(void)
{
    registration own;
    push_handler(&own, faulting);
    read_word(4);
}
