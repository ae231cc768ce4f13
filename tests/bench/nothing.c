// What process.c starts: a program that needs kernel32 and does nothing.
#include <windows.h>

void mainCRTStartup(void)
{
    ExitProcess(0);
}
