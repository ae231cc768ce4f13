// A test of one instruction: whoever includes this has defined INSTRUCTION and says how it ends.
#include "test.h"

static volatile DWORD memory[4];

static void test(void)
{
    __asm__ volatile(INSTRUCTION : : "a"(0), "b"(memory), "c"(0), "d"(0) : "memory");
    // Whatever the instruction was, it should not have got here.
    put("the instruction was executed\n");
}
