// A thousand regions, released in another order than they were made.
// expect: exit 0
#include "test.h"

static char *regions[1000];

static void test(void)
{
    for (int index = 0; index < 1000; index++)
        regions[index] = index % 3 == 0 ? commit(PAGE) : reserve((SIZE_T)(index % 7 + 1) * 0x8000);
    for (int index = 0; index < 1000; index += 3)
        *regions[index] = 1;
    for (int step = 0; step < 1000; step++)
        EXPECT(VirtualFree(regions[step * 7 % 1000], 0, MEM_RELEASE));
    EXPECT_EQUAL(reserve(PAGE), regions[0]);
}
