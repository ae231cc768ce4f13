// An exception in the program's filter itself: the filter's own handler may handle it; one that reaches the filter again ends the
// process with its code, without asking.
// expect: exit 0xC0000005
// stdout: asked C0000094
// stdout: handled within
// stdout: asked C0000094
// stdout: faulting
#include "handler.h"

SNIPPET(divide, "xorl %edx, %edx; movl $1, %eax; xorl %ecx, %ecx;", "divl %ecx");
SNIPPET(read_four, "", "movl 4, %eax");

static LONG WINAPI filter(EXCEPTION_POINTERS *pointers)
{
    static int times;
    put("asked ");
    put_hex(pointers->ExceptionRecord->ExceptionCode);
    put("\n");
    if (times++ == 0) {
        EXPECT_EXCEPTION(read_four, 0xC0000005, read_four_at, read_four_at, 2);
        put("handled within\n");
        pointers->ContextRecord->Ecx = 1;
        return EXCEPTION_CONTINUE_EXECUTION;
    }
    put("faulting\n");
    return (LONG)read_word(4);
}

static void test(void)
{
    SetUnhandledExceptionFilter(filter);
    divide();
    divide();
}
