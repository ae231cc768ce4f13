// A chain that leads back to itself is followed once.
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
    own.next = &own;
    read_word(4);
}
