// A handler in the kernel half: calling it is an exception, and so on until the stack ends it.
// expect: exception C0000005
#include "handler.h"

static DWORD __cdecl searching(EXCEPTION_RECORD *record, registration *own, CONTEXT *context, void *dispatcher)
{
    (void)record, (void)own, (void)context, (void)dispatcher;
    return SEARCH;
}

static void test(void)
{
    registration own;
    push_handler(&own, searching);
    own.handler = (void *)0x80001000;
    read_word(4);
}
