// Memory without a wish goes to the lowest gap that is large enough, at multiples of 64 KB.
// expect: exit 0
#include "test.h"

static void test(void)
{
    char *blocks[4];
    for (int index = 0; index < 4; index++) {
        blocks[index] = reserve(3 * PAGE);
        EXPECT_EQUAL((DWORD)blocks[index] % GRANULARITY, 0);
        EXPECT(index == 0 || blocks[index] > blocks[index - 1]);
    }
    EXPECT(VirtualFree(blocks[1], 0, MEM_RELEASE));
    EXPECT_EQUAL(reserve(16 * PAGE), blocks[1]);
    EXPECT(VirtualFree(blocks[1], 0, MEM_RELEASE));
    EXPECT(VirtualFree(blocks[2], 0, MEM_RELEASE));
    EXPECT_EQUAL(reserve(32 * PAGE), blocks[1]);
    EXPECT(VirtualFree(blocks[1], 0, MEM_RELEASE));
    EXPECT(reserve(33 * PAGE) != blocks[1]);
    EXPECT_EQUAL(reserve(PAGE), blocks[1]);
}
