// Two breakpoints with something to see at each, and an exit code.
#include "program.h"

static volatile DWORD steps;

void mainCRTStartup(void)
{
    write_text(STD_OUTPUT_HANDLE, "one\n");
    steps = 1;
    __asm__ volatile("movl $0x12345678, %%eax\n\tint3" ::: "eax");
    steps = 2;
    __asm__ volatile("movl $0x9abcdef0, %%eax\n\tint3" ::: "eax");
    write_text(STD_OUTPUT_HANDLE, "two\n");
    ExitProcess(4 + steps);
}
