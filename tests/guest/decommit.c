// Decommitted pages are reserved, do not come back by themselves, and are zeros when they are committed again.
// expect: exit 0
#include "test.h"

static void test(void)
{
    char *range = commit(8 * PAGE);
    fill(range, 4 * PAGE, 9);
    // Touched and untouched pages alike.
    EXPECT_EQUAL(free_at(range + 2 * PAGE, 4 * PAGE, MEM_DECOMMIT), SUCCESS);
    EXPECT_REGION(range, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_REGION(range + 2 * PAGE, 4 * PAGE, MEM_RESERVE, 0);
    EXPECT_REGION(range + 6 * PAGE, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_EQUAL(protect_at(range + 2 * PAGE, PAGE, PAGE_READONLY), UNCOMMITTED);
    EXPECT_EQUAL(allocate_at(range + 3 * PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE), SUCCESS);
    EXPECT(all_bytes(range + 3 * PAGE, PAGE, 0));
    EXPECT_REGION(range + 4 * PAGE, 2 * PAGE, MEM_RESERVE, 0);
    // What is reserved can be decommitted, and the size 0 means all.
    EXPECT_EQUAL(free_at(range + 4 * PAGE, PAGE, MEM_DECOMMIT), SUCCESS);
    EXPECT_EQUAL(free_at(range, 0, MEM_DECOMMIT), SUCCESS);
    EXPECT_REGION(range, 8 * PAGE, MEM_RESERVE, 0);
    EXPECT_EQUAL(free_at(range, 0, MEM_RELEASE), SUCCESS);
}
