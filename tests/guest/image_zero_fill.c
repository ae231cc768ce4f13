// What an image has in memory beyond its file is zeros.
// expect: exit 0
#include "test.h"

static volatile char zeros[5 * PAGE];

static void test(void)
{
    EXPECT(all_bytes((char *)zeros, sizeof zeros, 0));
    fill(zeros, sizeof zeros, 1);
    EXPECT(all_bytes((char *)zeros, sizeof zeros, 1));
}
