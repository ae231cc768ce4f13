// What a query says of reserved, committed and mixed regions, at their edges and inside.
// expect: exit 0
#include "test.h"

static void test(void)
{
    char *range = VirtualAlloc(NULL, 10 * PAGE, MEM_RESERVE, PAGE_EXECUTE_READ);
    MEMORY_BASIC_INFORMATION region = query(range + 0x5678);
    EXPECT(region.BaseAddress == range + 0x5000 && region.AllocationBase == range);
    EXPECT_EQUAL(region.AllocationProtect, PAGE_EXECUTE_READ);
    EXPECT_EQUAL(region.RegionSize, 5 * PAGE);
    EXPECT_EQUAL(region.Type, MEM_PRIVATE);
    EXPECT(VirtualAlloc(range + 4 * PAGE, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE) != NULL);
    EXPECT_REGION(range, 4 * PAGE, MEM_RESERVE, 0);
    EXPECT_REGION(range + 4 * PAGE, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_REGION(range + 6 * PAGE, 4 * PAGE, MEM_RESERVE, 0);
    EXPECT(query(range + 9 * PAGE).AllocationBase == range);
    // Touching a page makes no difference.
    range[4 * PAGE] = 1;
    EXPECT_REGION(range + 4 * PAGE, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_EQUAL(protect_at(range + 5 * PAGE, PAGE, PAGE_READWRITE | PAGE_GUARD), SUCCESS);
    EXPECT_REGION(range + 4 * PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_REGION(range + 5 * PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD);
    region = query(range + 10 * PAGE);
    EXPECT_EQUAL(region.State, MEM_FREE);
    EXPECT_EQUAL(region.AllocationBase, 0);
    EXPECT_EQUAL(region.AllocationProtect, 0);
    EXPECT_EQUAL(region.Protect, PAGE_NOACCESS);
    EXPECT_EQUAL(region.Type, 0);
    // Two regions side by side are never one.
    char *neighbours = free_range(2 * GRANULARITY);
    EXPECT_EQUAL(allocate_at(neighbours, GRANULARITY, MEM_RESERVE, PAGE_READWRITE), SUCCESS);
    EXPECT_EQUAL(allocate_at(neighbours + GRANULARITY, GRANULARITY, MEM_RESERVE, PAGE_READWRITE), SUCCESS);
    EXPECT_REGION(neighbours, GRANULARITY, MEM_RESERVE, 0);
}
