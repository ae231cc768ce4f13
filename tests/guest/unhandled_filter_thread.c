// The program's filter is asked in a second thread too: it lets it go on, or ends the process with the code, whatever other threads do.
// expect: exit 0xC0000094
// stdout: asked
// stdout: fixed
// stdout: asked
#include "handler.h"

SNIPPET(divide, "xorl %edx, %edx; movl $1, %eax; xorl %ecx, %ecx;", "divl %ecx");

static DWORD second;

static LONG WINAPI filter(EXCEPTION_POINTERS *pointers)
{
    static int times;
    put("asked\n");
    EXPECT_EQUAL(GetCurrentThreadId(), second);
    if (pointers->ExceptionRecord->ExceptionCode != 0xC0000094 || times++ != 0)
        return EXCEPTION_EXECUTE_HANDLER;
    pointers->ContextRecord->Ecx = 1;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static DWORD WINAPI run(PVOID argument)
{
    (void)argument;
    divide();
    put("fixed\n");
    divide();
    return 5;
}

static void test(void)
{
    SetUnhandledExceptionFilter(filter);
    HANDLE thread = CreateThread(NULL, 0, run, NULL, CREATE_SUSPENDED, &second);
    EXPECT_EQUAL(ResumeThread(thread), 1);
    WaitForSingleObject(thread, INFINITE);
    put("the process should have ended\n");
}
