// ZeroBits keeps the high bits of the address zero, or there is no memory.
// expect: exit 0
#include "test.h"

static NTSTATUS reserve_below(ULONG zero_bits, SIZE_T size, ULONG type, PVOID *base)
{
    *base = NULL;
    return NtAllocateVirtualMemory(OWN_PROCESS, base, zero_bits, &size, MEM_RESERVE | type, PAGE_READWRITE);
}

static void test(void)
{
    PVOID base;
    for (ULONG bits = 1; bits <= 8; bits++) {
        EXPECT_EQUAL(reserve_below(bits, PAGE, MEM_TOP_DOWN, &base), SUCCESS);
        EXPECT_EQUAL((DWORD)base >> (32 - bits), 0);
    }
    EXPECT_EQUAL(reserve_below(8, 0x1000000, 0, &base), NO_MEMORY_LEFT);
    EXPECT_EQUAL(reserve_below(21, PAGE, 0, &base), NO_MEMORY_LEFT);
    EXPECT_EQUAL(reserve_below(22, PAGE, 0, &base), PARAMETER_3);
}
