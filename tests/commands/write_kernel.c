// Writes to the first address that belongs to the kernel.

#include "program.h"

void mainCRTStartup(void)
{
    *(volatile int *)0x80000000 = 1;
    write_text(STD_OUTPUT_HANDLE, "the kernel's memory took it\n");
    ExitProcess(0);
}
