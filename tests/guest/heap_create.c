// Heaps of one's own: growing ones grow, fixed ones end, and destroying one returns its memory.
// expect: exit 0
#include "test.h"

static void test(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    EXPECT(heap != NULL && heap != GetProcessHeap());
    SIZE_T total = 0;
    for (int round = 0; round < 300; round++) {
        char *block = HeapAlloc(heap, HEAP_ZERO_MEMORY, 10000);
        EXPECT(block != NULL);
        block[9999] = 1;
        total += 10000;
    }
    EXPECT(HeapAlloc(heap, 0, 0x100000) != NULL);
    EXPECT(HeapDestroy(heap));
    EXPECT_EQUAL(query(heap).State, MEM_FREE);
    heap = HeapCreate(HEAP_NO_SERIALIZE, PAGE, 0x10000);
    EXPECT(heap != NULL);
    int count = 0;
    while (count < 100 && HeapAlloc(heap, 0, 1000) != NULL)
        count++;
    EXPECT(count > 50 && count < 66);
    EXPECT(HeapDestroy(heap));
    EXPECT(!HeapDestroy(GetProcessHeap()));
}
