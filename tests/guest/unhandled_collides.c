// A handler that causes an exception while it gives up: the filter is asked about the new one, and the second unwind collides
// with the first and passes the handlers that are done with.
// expect: exit 0xC0000094
// stdout: asked C0000005
// stdout: inner gives up
// stdout: outer gives up
// stdout: asked C0000094
#include "handler.h"

SNIPPET(divide, "xorl %edx, %edx; movl $1, %eax; xorl %ecx, %ecx;", "divl %ecx");

static DWORD __cdecl inner(EXCEPTION_RECORD *record, registration *own, CONTEXT *context, void *dispatcher)
{
    (void)own, (void)context, (void)dispatcher;
    if (record->ExceptionFlags & 6)
        put("inner gives up\n");
    return SEARCH;
}

static DWORD __cdecl outer(EXCEPTION_RECORD *record, registration *own, CONTEXT *context, void *dispatcher)
{
    (void)own, (void)context, (void)dispatcher;
    if (record->ExceptionFlags & 6) {
        put("outer gives up\n");
        divide();
    }
    return SEARCH;
}

static LONG WINAPI filter(EXCEPTION_POINTERS *pointers)
{
    put("asked ");
    put_hex(pointers->ExceptionRecord->ExceptionCode);
    put("\n");
    return EXCEPTION_EXECUTE_HANDLER;
}

static void test(void)
{
    registration own[2]; // the later one lies below, as it must
    SetUnhandledExceptionFilter(filter);
    push_handler(&own[1], outer);
    push_handler(&own[0], inner);
    read_word(4);
}
