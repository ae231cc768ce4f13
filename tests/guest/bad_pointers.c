// IsBadReadPtr and IsBadWritePtr touch what they are asked about: a guard page that they meet is none afterwards.
// expect: exit 0
#include "test.h"

// The guard page of the own stack is no bad pointer: the stack grows.
static void on_the_stack(void)
{
    const NT_TIB *tib = (const NT_TIB *)NtCurrentTeb();
    char *limit = tib->StackLimit;
    EXPECT(!IsBadReadPtr(limit - PAGE, 1));
    EXPECT_EQUAL((char *)tib->StackLimit, limit - PAGE);
    EXPECT(!IsBadWritePtr(limit - 2 * PAGE, 2 * PAGE));
    EXPECT_EQUAL((char *)tib->StackLimit, limit - 2 * PAGE);
    EXPECT(IsBadReadPtr(limit - 5 * PAGE, 1));
}

static void test(void)
{
    char *pages = commit(2 * PAGE);
    EXPECT(!IsBadReadPtr(pages, 2 * PAGE) && !IsBadWritePtr(pages, 2 * PAGE));
    EXPECT(IsBadReadPtr(pages, 2 * PAGE + 1) && IsBadReadPtr(NULL, 1) && IsBadReadPtr((PVOID)0x80000000, 1));
    EXPECT_EQUAL(protect_at(pages + PAGE, PAGE, PAGE_READONLY), SUCCESS);
    EXPECT(!IsBadReadPtr(pages, 2 * PAGE) && IsBadWritePtr(pages, 2 * PAGE) && !IsBadWritePtr(pages, PAGE));
    EXPECT(!IsBadReadPtr(NULL, 0));
    EXPECT_EQUAL(protect_at(pages, PAGE, PAGE_READWRITE | PAGE_GUARD), SUCCESS);
    EXPECT(IsBadReadPtr(pages, 1) && !IsBadReadPtr(pages, 1));
    EXPECT_EQUAL(query(pages).Protect, PAGE_READWRITE);
    EXPECT_EQUAL(protect_at(pages, PAGE, PAGE_READWRITE | PAGE_GUARD), SUCCESS);
    EXPECT(IsBadWritePtr(pages, 1) && !IsBadWritePtr(pages, 1) && pages[0] == 0);
    EXPECT_EQUAL(protect_at(pages, PAGE, PAGE_READWRITE | PAGE_GUARD), SUCCESS);
    EXPECT(IsBadStringPtrA(pages, 1) && !IsBadStringPtrA(pages, 1));
    // What may only be executed is read all the same: the processor has no protection of that kind.
    EXPECT_EQUAL(protect_at(pages, PAGE, PAGE_EXECUTE), SUCCESS);
    EXPECT(!IsBadReadPtr(pages, PAGE) && IsBadWritePtr(pages, 1) && !IsBadCodePtr((FARPROC)pages));
    EXPECT_EQUAL(protect_at(pages, PAGE, PAGE_NOACCESS), SUCCESS);
    EXPECT(IsBadReadPtr(pages, 1) && IsBadReadPtr(pages + PAGE - 1, 2));
    on_the_stack();
}
