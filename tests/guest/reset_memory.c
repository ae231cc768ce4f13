// MEM_RESET takes a range that is reserved whole, changes no state, and checks its protection although it ignores it.
// expect: exit 0
#include "test.h"

static void test(void)
{
    volatile char *pages = commit(4 * PAGE);
    fill(pages, 4 * PAGE, 3);
    EXPECT_EQUAL(allocate_at((PVOID)pages, 2 * PAGE, MEM_RESET, PAGE_NOACCESS), SUCCESS);
    EXPECT_REGION(pages, 4 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT(all_bytes((char *)pages + 2 * PAGE, 2 * PAGE, 3));
    fill(pages, PAGE, 4);
    EXPECT(all_bytes((char *)pages, PAGE, 4));
    EXPECT_EQUAL(allocate_at((PVOID)pages, PAGE, MEM_RESET, 0), BAD_PROTECTION);
    EXPECT_EQUAL(allocate_at(free_range(GRANULARITY), PAGE, MEM_RESET, PAGE_READWRITE), CONFLICT);
}
