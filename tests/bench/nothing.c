// What process.c starts: a program that needs kernel32 and does nothing.
// At a base of its own: a profile then tells its code from that of hello.c.
// cc: -Wl,--image-base,0x2000000
#include <windows.h>

void mainCRTStartup(void)
{
    ExitProcess(0);
}
