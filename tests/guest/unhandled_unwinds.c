// Before an exception that nobody wants ends the process, handlers are told to give up, and the DLLs that it ends.
// expect: exception C0000005
// stdout: asked
// stdout: giving up
#include "handler.h"

static DWORD __cdecl telling(EXCEPTION_RECORD *record, registration *own, CONTEXT *context, void *dispatcher)
{
    (void)own, (void)context, (void)dispatcher;
    put(record->ExceptionFlags & 6 ? "giving up\n" : "asked\n");
    return SEARCH;
}

static void test(void)
{
    registration own;
    push_handler(&own, telling);
    read_word(4);
}
