// A heap can be walked: its regions, the blocks that are out with their sizes, what is free between them and what is only reserved.
// expect: exit 0
#include "test.h"

#define BLOCKS 40

typedef struct { int regions, busy, freed, reserved; SIZE_T bytes; } COUNTS;

static COUNTS walk(HANDLE heap)
{
    COUNTS counts = {0};
    PROCESS_HEAP_ENTRY entry = {0}, before = {0};
    EXPECT(HeapLock(heap));
    SetLastError(0);
    while (HeapWalk(heap, &entry)) {
        if (entry.wFlags & PROCESS_HEAP_REGION) {
            counts.regions++;
            EXPECT(entry.Region.dwCommittedSize > 0 && entry.Region.lpFirstBlock > entry.lpData);
        } else if (entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) {
            counts.busy++;
            counts.bytes += entry.cbData;
            EXPECT_EQUAL(HeapSize(heap, 0, entry.lpData), entry.cbData);
        } else if (entry.wFlags & PROCESS_HEAP_UNCOMMITTED_RANGE) {
            counts.reserved++;
        } else {
            counts.freed++;
            EXPECT(entry.cbData > 0);
        }
        EXPECT(entry.lpData != before.lpData || entry.wFlags != before.wFlags);
        before = entry;
    }
    EXPECT_EQUAL(GetLastError(), ERROR_NO_MORE_ITEMS);
    EXPECT(HeapUnlock(heap));
    return counts;
}

static int is_listed(HANDLE heap)
{
    HANDLE heaps[16];
    DWORD count = GetProcessHeaps(16, heaps);
    for (DWORD index = 0; index < count && index < 16; index++)
        if (heaps[index] == heap)
            return 1;
    return 0;
}

static void blocks_come_and_go(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    void *blocks[BLOCKS], *large;
    SIZE_T bytes = 0;
    COUNTS none = walk(heap);
    EXPECT_EQUAL(none.regions, 1);
    EXPECT_EQUAL(none.busy, 0);
    EXPECT_EQUAL(none.reserved, 1);
    for (int index = 0; index < BLOCKS; index++) {
        blocks[index] = HeapAlloc(heap, 0, 100 + 37 * index);
        bytes += 100 + 37 * index;
    }
    large = HeapAlloc(heap, 0, 0x100000);
    COUNTS all = walk(heap);
    EXPECT_EQUAL(all.busy, BLOCKS + 1);
    EXPECT_EQUAL(all.bytes, bytes + 0x100000);
    for (int index = 0; index < BLOCKS; index += 2) {
        bytes -= 100 + 37 * index;
        EXPECT(HeapFree(heap, 0, blocks[index]));
    }
    EXPECT(HeapFree(heap, 0, large));
    COUNTS half = walk(heap);
    EXPECT_EQUAL(half.busy, BLOCKS / 2);
    EXPECT_EQUAL(half.bytes, bytes);
    EXPECT(half.freed >= BLOCKS / 2 - 1);
    EXPECT(is_listed(heap) && is_listed(GetProcessHeap()));
    EXPECT(HeapDestroy(heap) && !is_listed(heap));
}

static void many_regions(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    for (int index = 0; index < 100; index++)
        EXPECT(HeapAlloc(heap, 0, 100000) != NULL);
    COUNTS counts = walk(heap);
    EXPECT_EQUAL(counts.busy, 100);
    EXPECT_EQUAL(counts.bytes, 10000000);
    EXPECT(counts.regions > 1);
    EXPECT(HeapDestroy(heap));
}

static void what_is_bad(void)
{
    SetLastError(0);
    EXPECT(!HeapWalk(GetProcessHeap(), NULL));
    EXPECT_EQUAL(GetLastError(), ERROR_INVALID_PARAMETER);
    ULONG kind = 7;
    SIZE_T length = 0;
    EXPECT(HeapQueryInformation(GetProcessHeap(), 0, &kind, sizeof kind, &length) && kind == 1 && length == 4);
    EXPECT(!HeapQueryInformation(GetProcessHeap(), 0, &kind, 1, &length));
    EXPECT_EQUAL(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    EXPECT(walk(GetProcessHeap()).busy > 0);
}

static void test(void)
{
    blocks_come_and_go();
    many_regions();
    what_is_bad();
}
