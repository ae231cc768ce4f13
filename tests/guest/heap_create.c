// Heaps of one's own: growing ones grow, fixed ones end, and destroying one returns its memory.
// expect: exit 0
#include "test.h"

static DWORD raised;

static LONG CALLBACK note(EXCEPTION_POINTERS *pointers)
{
    raised = pointers->ExceptionRecord->ExceptionCode;
    return EXCEPTION_CONTINUE_EXECUTION;
}

// A lack of memory is an exception where the heap, or the call, asks for that.
static void exceptions(void)
{
    HANDLE handler = AddVectoredExceptionHandler(1, note);
    HANDLE heap = HeapCreate(HEAP_GENERATE_EXCEPTIONS, PAGE, 0x10000), other = HeapCreate(0, PAGE, 0x10000);
    void *block = HeapAlloc(heap, 0, 100);
    EXPECT(block != NULL && raised == 0);
    EXPECT(HeapAlloc(heap, 0, 0x20000) == NULL);
    EXPECT_EQUAL(raised, STATUS_NO_MEMORY);
    raised = 0;
    EXPECT(HeapReAlloc(heap, 0, block, 0x20000) == NULL);
    EXPECT_EQUAL(raised, STATUS_NO_MEMORY);
    raised = 0;
    EXPECT(HeapAlloc(other, 0, 0x20000) == NULL && raised == 0);
    EXPECT(HeapAlloc(other, HEAP_GENERATE_EXCEPTIONS, 0x20000) == NULL);
    EXPECT_EQUAL(raised, STATUS_NO_MEMORY);
    EXPECT(HeapDestroy(heap) && HeapDestroy(other) && RemoveVectoredExceptionHandler(handler));
}

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
    exceptions();
}
