// A program that cannot lie where it was linked to, and whose table of relocations leads out of it, is refused.
// expect: loader
// message: C000007B
// cc: -Wl,--image-base,0x7FFE0000
#include "test.h"

__asm__(
    ".section .reloc, \"dr\"\n"
    ".long 0xFFFFF000, 12\n"
    ".word 0x3FFC, 0x3000\n"
    ".text\n");

static void test(void)
{
}
