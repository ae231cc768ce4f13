// A program that lies where ntdll has to lie cannot be started: ntdll is at the same place in every process.
// expect: loader
// message: C0000018
// cc: -Wl,--image-base,0x7C920000
#include "test.h"

static void test(void)
{
}
