// A handler on the stack is not called.
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
    own.handler = (void *)&own;
    read_word(4);
}
