// Reserves ten thousand ranges, each its own VAD, and waits until somebody sets a flag in its memory.
#include "program.h"

enum { RANGES = 10000 };

static volatile DWORD enough;

void mainCRTStartup(void)
{
    for (DWORD range = 0; range < RANGES; range++)
        if (!VirtualAlloc((PVOID)(0x10000000 + range * 0x10000), 0x1000, MEM_RESERVE, PAGE_READWRITE))
            ExitProcess(1);
    write_text(STD_OUTPUT_HANDLE, "reserved until ");
    write_address(STD_OUTPUT_HANDLE, &enough);
    write_text(STD_OUTPUT_HANDLE, "\n");
    while (!enough)
        Sleep(1);
    ExitProcess(5);
}
