// The end of the process ends all its threads, whatever they do.
// expect: exit 9
#include "test.h"

static DWORD WINAPI spin(void *argument)
{
    (void)argument;
    for (;;)
        __asm__ volatile("pause");
    return 0;
}

static DWORD WINAPI sleep(void *argument)
{
    (void)argument;
    Sleep(INFINITE);
    return 0;
}

static void test(void)
{
    CreateThread(NULL, 0, spin, NULL, 0, NULL);
    CreateThread(NULL, 0, sleep, NULL, 0, NULL);
    CreateThread(NULL, 0, sleep, NULL, CREATE_SUSPENDED, NULL);
    Sleep(30);
    ExitProcess(9);
}
