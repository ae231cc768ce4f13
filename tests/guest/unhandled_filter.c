// The program's filter is asked when no handler wants an exception: it may let the thread go on, or end the process with the code.
// expect: exit 0xC0000094
// stdout: asked
// stdout: fixed
// stdout: asked
#include "handler.h"

SNIPPET(divide, "xorl %edx, %edx; movl $1, %eax; xorl %ecx, %ecx;", "divl %ecx");

static LONG WINAPI filter(EXCEPTION_POINTERS *pointers)
{
    static int times;
    put("asked\n");
    if (pointers->ExceptionRecord->ExceptionCode != 0xC0000094 || times++ != 0)
        return EXCEPTION_EXECUTE_HANDLER;
    pointers->ContextRecord->Ecx = 1;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void test(void)
{
    EXPECT(SetUnhandledExceptionFilter(filter) == NULL);
    divide();
    put("fixed\n");
    EXPECT(SetUnhandledExceptionFilter(filter) == filter);
    divide();
}
