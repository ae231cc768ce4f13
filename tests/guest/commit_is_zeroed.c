// Committed memory is zeros, also where another owner or an earlier use left something.
// expect: exit 0
#include "test.h"

static void test(void)
{
    for (int round = 0; round < 8; round++) {
        char *pages = commit(64 * PAGE);
        EXPECT(all_bytes(pages, 64 * PAGE, 0));
        fill(pages, 64 * PAGE, (char)0xA5);
        EXPECT(VirtualFree(pages, 32 * PAGE, MEM_DECOMMIT));
        EXPECT(VirtualAlloc(pages, 32 * PAGE, MEM_COMMIT, PAGE_READWRITE) == pages);
        EXPECT(all_bytes(pages, 32 * PAGE, 0) && all_bytes(pages + 32 * PAGE, 32 * PAGE, (char)0xA5));
        EXPECT(VirtualFree(pages, 0, MEM_RELEASE));
    }
}
