// A thread that sets ESP to 0 and goes on dies of it, and only the program with it.
// expect: exception C0000005
#include "test.h"

static DWORD WINAPI body(void *argument)
{
    (void)argument;
    __asm__ volatile("xor %esp, %esp\n\tpush %eax");
    return 0;
}

static void test(void)
{
    WaitForSingleObject(CreateThread(NULL, 0, body, NULL, 0, NULL), INFINITE);
}
