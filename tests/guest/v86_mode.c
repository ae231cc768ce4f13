// QEMU's translator lets ring 3 enter V86 mode by iret, no processor does: whatever runs there ends with the first thing that only
// protected mode or ring 0 may do, with or without interrupts.
// expect: exception C0000005
#include "test.h"

static void test(void)
{
    // A V86 program at 20000: cli, with IOPL 0. Where iret leaves the flag out, the read of 4 is the end.
    char *code = VirtualAlloc((void *)0x20000, GRANULARITY, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE);
    if (code != NULL)
        code[0] = (char)0xFA;
    __asm__ volatile("pushl $0; pushl $0; pushl $0; pushl $0; pushl $0x2000; pushl $0x100; pushl $0x20202; pushl $0x2000; pushl $0; iret");
    read_word(4);
}
