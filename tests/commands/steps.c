// Instructions to be stepped through, behind a breakpoint: EDI leads to what the last of them stores to.
#include "program.h"

static volatile DWORD stored;

void mainCRTStartup(void)
{
    DWORD called = 0;
    __asm__ volatile("xorl %%eax, %%eax\n\t"
                     "int3\n\t"
                     "nop\n\t"               // +1
                     "incl %%eax\n\t"        // +2
                     "call 1f\n\t"           // +3
                     "incl %%eax\n\t"        // +8
                     "movl %%eax, (%%edi)\n\t"  // +9
                     "incl %%eax\n\t"        // +11
                     "jmp 2f\n"
                     "1:\tincl %%ecx\n\t"
                     "ret\n"
                     "2:"
                     : "+c"(called)
                     : "D"(&stored)
                     : "eax", "memory", "cc");
    ExitProcess(stored * 16 + called);
}
