// The stack grows page by page: the guard page moves down before it, and the TEB knows.
// expect: exit 0
#include "test.h"

static NT_TIB *block(void)
{
    NT_TIB *self;
    __asm__("mov %%fs:0x18, %0" : "=r"(self));
    return self;
}

static void descend(int levels)
{
    volatile char room[3000];
    room[0] = (char)levels;
    if (levels > 0)
        descend(levels - 1);
    EXPECT(room[0] == (char)levels);
}

static void test(void)
{
    NT_TIB *thread = block();
    char *before = thread->StackLimit;
    EXPECT((char *)thread->StackBase > before);
    EXPECT_EQUAL(query(before - PAGE).Protect, PAGE_READWRITE | PAGE_GUARD);
    descend(100);
    char *after = thread->StackLimit;
    EXPECT(before - after >= 100 * 3000 - (int)PAGE && before - after < 110 * (int)PAGE);
    EXPECT_EQUAL(query(after).Protect, PAGE_READWRITE);
    EXPECT_EQUAL(query(after - PAGE).Protect, PAGE_READWRITE | PAGE_GUARD);
    MEMORY_BASIC_INFORMATION rest = query(after - 2 * PAGE);
    EXPECT_EQUAL(rest.State, MEM_RESERVE);
    EXPECT(rest.AllocationBase == query(after).AllocationBase);
}
