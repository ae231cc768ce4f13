// A program may return from its entry point: the result is its exit status, and ebx and its argument are the PEB.
// expect: exit 77
#define NO_ENTRY
#include "test.h"

int mainCRTStartup(char *process)
{
    char *own;
    __asm__("mov %%fs:0x30, %0" : "=r"(own));
    return own == process && failures == 0 ? 77 : 1;
}
