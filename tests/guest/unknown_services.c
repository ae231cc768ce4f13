// Numbers that no table has are refused, by both ways in.
// expect: exit 0
#include "system_call.h"

static void test(void)
{
    static const DWORD numbers[] = {0x11C, 0xFFF, 0x1000, 0x1011, 0x2000, 0x3FFF, 0x10011, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
    for (DWORD index = 0; index < sizeof numbers / sizeof *numbers; index++) {
        EXPECT_EQUAL(call_by_gate(numbers[index], NULL), NO_SERVICE);
        EXPECT_EQUAL(call_by_pointer(numbers[index], NULL, 0), NO_SERVICE);
    }
}
