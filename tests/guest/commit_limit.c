// More than there can ever be is refused, reserving is free, and afterwards everything works as before.
// expect: exit 0
#include "test.h"

static void test(void)
{
    // So much address space does not exist in one piece.
    EXPECT_EQUAL(allocate_at(NULL, 0x7F000000, MEM_RESERVE, PAGE_READWRITE), NO_MEMORY_LEFT);
    SIZE_T total = 0, step = 0x4000000;
    char *blocks[30];
    int count = 0;
    for (; count < 30; count++) {
        blocks[count] = VirtualAlloc(NULL, step, MEM_RESERVE, PAGE_READWRITE);
        if (blocks[count] == NULL)
            break;
        NTSTATUS status = allocate_at(blocks[count], step, MEM_COMMIT, PAGE_READWRITE);
        EXPECT(status == SUCCESS || status == NO_COMMITMENT);
        total += status == SUCCESS ? step : 0;
        if (status == NO_COMMITMENT) {
            EXPECT_REGION(blocks[count], step, MEM_RESERVE, 0);
            EXPECT_ERROR(VirtualAlloc(blocks[count], step, MEM_COMMIT, PAGE_READWRITE), ERROR_COMMITMENT_LIMIT);
        }
    }
    EXPECT(count > 20);
    while (count-- > 0)
        EXPECT(VirtualFree(blocks[count], 0, MEM_RELEASE));
    char *page = commit(GRANULARITY);
    fill(page, GRANULARITY, 1);
}
