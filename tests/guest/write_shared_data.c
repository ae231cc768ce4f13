// The page that the kernel shares with every process is read-only.
// expect: exception C0000005
// message: 7FFE0000
#include "test.h"

static void test(void)
{
    EXPECT(*(volatile DWORD *)0x7FFE026C == 5);
    write_word(0x7FFE0000, 1);
}
