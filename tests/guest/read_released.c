// What was released is gone.
// expect: exception C0000005
#include "test.h"

static void test(void)
{
    volatile char *page = commit(PAGE);
    *page = 1;
    EXPECT(VirtualFree((PVOID)page, 0, MEM_RELEASE));
    (void)*page;
}
