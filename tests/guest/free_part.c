// A release may take the head, the tail or the middle of a region; the rest keeps its contents and goes on as regions of its own.
// expect: exit 0
#include "test.h"

static void test(void)
{
    char *range = commit(10 * PAGE);
    for (int page = 0; page < 10; page++)
        fill(range + page * PAGE, PAGE, (char)('a' + page));
    EXPECT_EQUAL(free_at(range, 2 * PAGE, MEM_RELEASE), SUCCESS);
    EXPECT_EQUAL(free_at(range + 9 * PAGE, PAGE, MEM_RELEASE), SUCCESS);
    EXPECT_EQUAL(free_at(range + 4 * PAGE, 2 * PAGE, MEM_RELEASE), SUCCESS);
    EXPECT_EQUAL(query(range).State, MEM_FREE);
    EXPECT_REGION(range + 2 * PAGE, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_REGION(range + 4 * PAGE, 2 * PAGE, MEM_FREE, PAGE_NOACCESS);
    EXPECT_REGION(range + 6 * PAGE, 3 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT(query(range + 2 * PAGE).AllocationBase == range + 2 * PAGE);
    EXPECT(query(range + 7 * PAGE).AllocationBase == range + 6 * PAGE);
    EXPECT(all_bytes(range + 3 * PAGE, PAGE, 'd') && all_bytes(range + 6 * PAGE, PAGE, 'g') && all_bytes(range + 8 * PAGE, PAGE, 'i'));
    EXPECT_EQUAL(free_at(range + 2 * PAGE, 7 * PAGE, MEM_RELEASE), UNABLE_TO_FREE);
    EXPECT_EQUAL(free_at(range + 2 * PAGE, 0, MEM_RELEASE), SUCCESS);
    EXPECT_EQUAL(free_at(range + 6 * PAGE, 0, MEM_RELEASE), SUCCESS);
    EXPECT_EQUAL(query(range + 8 * PAGE).State, MEM_FREE);
}
