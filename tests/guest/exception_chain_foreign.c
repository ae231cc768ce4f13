// A registration that does not lie on the stack is not believed.
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
    static registration foreign; foreign.handler = searching; foreign.next = (registration *)-1; own.next = &foreign;
    read_word(4);
}
