// A program that imports from kernel32 under names that lie outside of it is refused.
// expect: loader
// message: C000007B
#include "test.h"

__asm__(
    ".section .idata$2, \"dr\"\n"
    ".rva 1f\n"
    ".long 0, 0\n"
    ".rva 2f\n"
    ".rva 1f\n"
    ".data\n"
    "1: .long 0x7FFFFFFF, 0x00800000, 0\n"
    "2: .asciz \"kernel32.dll\"\n"
    ".text\n");

static void test(void)
{
}
