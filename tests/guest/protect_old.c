// The old protection is the first page's; base and size come back rounded; the contents stay.
// expect: exit 0
#include "test.h"

static void test(void)
{
    char *range = commit(4 * PAGE);
    fill(range, 2 * PAGE, 5);
    EXPECT_EQUAL(protect_at(range + PAGE, PAGE, PAGE_EXECUTE_READ), SUCCESS);
    PVOID base = range + PAGE + 7;
    SIZE_T size = PAGE;
    ULONG old = 0;
    EXPECT_EQUAL(NtProtectVirtualMemory(OWN_PROCESS, &base, &size, PAGE_READONLY, &old), SUCCESS);
    EXPECT_EQUAL(base, range + PAGE);
    EXPECT_EQUAL(size, 2 * PAGE);
    EXPECT_EQUAL(old, PAGE_EXECUTE_READ);
    EXPECT_REGION(range + PAGE, 2 * PAGE, MEM_COMMIT, PAGE_READONLY);
    EXPECT(all_bytes(range, 2 * PAGE, 5));
    // Through closed and open again.
    EXPECT_EQUAL(protect_at(range, 2 * PAGE, PAGE_NOACCESS), SUCCESS);
    EXPECT_EQUAL(protect_at(range, 2 * PAGE, PAGE_READWRITE), SUCCESS);
    EXPECT(all_bytes(range, 2 * PAGE, 5));
    fill(range, 2 * PAGE, 6);
}
