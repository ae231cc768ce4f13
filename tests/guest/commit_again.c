// Committing what is committed succeeds, keeps the contents and changes the protection.
// expect: exit 0
#include "test.h"

static void test(void)
{
    volatile char *pages = commit(3 * PAGE);
    fill(pages, 3 * PAGE, 7);
    EXPECT_EQUAL(allocate_at((PVOID)(pages + PAGE), PAGE, MEM_COMMIT, PAGE_READONLY), SUCCESS);
    EXPECT_REGION(pages, PAGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_REGION(pages + PAGE, PAGE, MEM_COMMIT, PAGE_READONLY);
    EXPECT(all_bytes((char *)pages, 3 * PAGE, 7));
    EXPECT_EQUAL(query(pages + PAGE).AllocationProtect, PAGE_READWRITE);
}
