// IsBadReadPtr and IsBadWritePtr answer without touching.
// expect: exit 0
#include "test.h"

static void test(void)
{
    char *pages = commit(2 * PAGE);
    EXPECT(!IsBadReadPtr(pages, 2 * PAGE) && !IsBadWritePtr(pages, 2 * PAGE));
    EXPECT(IsBadReadPtr(pages, 2 * PAGE + 1) && IsBadReadPtr(NULL, 1) && IsBadReadPtr((PVOID)0x80000000, 1));
    EXPECT_EQUAL(protect_at(pages + PAGE, PAGE, PAGE_READONLY), SUCCESS);
    EXPECT(!IsBadReadPtr(pages, 2 * PAGE) && IsBadWritePtr(pages, 2 * PAGE) && !IsBadWritePtr(pages, PAGE));
    EXPECT(!IsBadReadPtr(NULL, 0));
    EXPECT_EQUAL(protect_at(pages, PAGE, PAGE_READWRITE | PAGE_GUARD), SUCCESS);
    EXPECT(IsBadReadPtr(pages, 1) && IsBadReadPtr(pages, 1));
}
