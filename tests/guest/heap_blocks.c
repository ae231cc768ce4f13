// The heap: small and large blocks, zeroed, resized, freed, and what is no block.
// expect: exit 0
#include "test.h"

static char *blocks[200];

static void many(HANDLE heap)
{
    DWORD seed = 1;
    for (int round = 0; round < 4000; round++) {
        seed = seed * 1103515245 + 12345;
        int slot = (int)(seed >> 16) % 200;
        SIZE_T size = seed >> 8 & 0x7FF;
        if (blocks[slot] != NULL) {
            SIZE_T old = HeapSize(heap, 0, blocks[slot]);
            EXPECT(all_bytes(blocks[slot], old, (char)slot));
            EXPECT(HeapFree(heap, 0, blocks[slot]));
        }
        blocks[slot] = HeapAlloc(heap, 0, size);
        EXPECT(blocks[slot] != NULL && (DWORD)blocks[slot] % 8 == 0);
        EXPECT_EQUAL(HeapSize(heap, 0, blocks[slot]), size);
        fill(blocks[slot], size, (char)slot);
    }
}

static void test(void)
{
    HANDLE heap = GetProcessHeap();
    many(heap);
    char *large = HeapAlloc(heap, HEAP_ZERO_MEMORY, 0x200000);
    EXPECT(large != NULL && all_bytes(large, 0x200000, 0));
    large[0x1FFFFF] = 7;
    large = HeapReAlloc(heap, HEAP_ZERO_MEMORY, large, 0x300000);
    EXPECT(large != NULL && large[0x1FFFFF] == 7 && all_bytes(large + 0x200000, 0x100000, 0));
    EXPECT(HeapFree(heap, 0, large));
    char *block = HeapAlloc(heap, 0, 10);
    fill(block, 10, 5);
    block = HeapReAlloc(heap, HEAP_ZERO_MEMORY, block, 5000);
    EXPECT(all_bytes(block, 10, 5) && all_bytes(block + 10, 4990, 0));
    EXPECT(HeapFree(heap, 0, block) && !HeapFree(heap, 0, block));
    EXPECT(HeapFree(heap, 0, NULL));
    EXPECT(HeapAlloc(heap, 0, 0xFFFFFFF0) == NULL && HeapAlloc(heap, 0, 0x7FFFFFFF) == NULL);
}
