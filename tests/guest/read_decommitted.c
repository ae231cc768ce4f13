// Decommitting takes the page away; the address stays reserved.
// expect: exception C0000005
#include "test.h"

static void test(void)
{
    volatile char *pages = commit(2 * PAGE);
    pages[0] = pages[PAGE] = 1;
    EXPECT(VirtualFree((PVOID)pages, PAGE, MEM_DECOMMIT));
    EXPECT(pages[PAGE] == 1);
    (void)pages[0];
}
