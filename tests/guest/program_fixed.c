// The same program without relocations cannot be moved, so it cannot run.
// expect: loader
// message: C0000018
// cc: -Wl,--image-base,0x7FFE0000 -Wl,--disable-reloc-section -Wl,--disable-dynamicbase
#include "test.h"

static void test(void)
{
}
