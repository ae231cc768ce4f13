// An exception that nobody wants in a second thread ends the process with its code, after the thread's handlers have given up.
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

static DWORD WINAPI run(PVOID argument)
{
    registration own;
    (void)argument;
    push_handler(&own, telling);
    EXPECT_EQUAL((DWORD)((registration *)own.next)->next, 0xFFFFFFFF);
    return read_word(4);
}

static void test(void)
{
    WaitForSingleObject(CreateThread(NULL, 0, run, NULL, 0, NULL), INFINITE);
    put("the process should have ended\n");
}
