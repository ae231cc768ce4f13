// GlobalAlloc and LocalAlloc: fixed and movable blocks, lock counts, discarding, handles of addresses, and what is no handle.
// expect: exit 0
#include "test.h"

#define FAILS(call, error) do { SetLastError(0x12345678); EXPECT(call); EXPECT_EQUAL(GetLastError(), error); } while (0)


static void fixed(void)
{
    HGLOBAL block = GlobalAlloc(GPTR, 100);
    EXPECT(block != NULL && *(char *)block == 0);
    EXPECT(GlobalLock(block) == block && GlobalUnlock(block));
    EXPECT(GlobalHandle(block) == block);
    EXPECT_EQUAL(GlobalSize(block), 100);
    EXPECT_EQUAL(GlobalFlags(block), 0);
    EXPECT((block = GlobalReAlloc(block, 10000, GMEM_MOVEABLE | GMEM_ZEROINIT)) != NULL);
    EXPECT(((char *)block)[9999] == 0 && GlobalSize(block) == 10000);
    EXPECT(GlobalFree(block) == NULL);
    HLOCAL local = LocalAlloc(LMEM_FIXED, 5);
    EXPECT(LocalLock(local) == local);
    FAILS(!LocalUnlock(local), ERROR_NOT_LOCKED);
    EXPECT(LocalFree(local) == NULL);
    EXPECT(GlobalFree(NULL) == NULL && LocalFree(NULL) == NULL);
}

static void movable(void)
{
    HGLOBAL handle = GlobalAlloc(GHND, 100);
    EXPECT(handle != NULL);
    EXPECT_EQUAL(GlobalFlags(handle), 0);
    char *block = GlobalLock(handle);
    EXPECT(block != NULL && block != (char *)handle && *(char **)handle == block && block[99] == 0);
    EXPECT(GlobalHandle(block) == handle);
    EXPECT(GlobalLock(handle) == block);
    EXPECT_EQUAL(GlobalFlags(handle), 2);
    EXPECT(GlobalUnlock(handle));
    FAILS(!GlobalUnlock(handle), NO_ERROR);
    FAILS(!GlobalUnlock(handle), ERROR_NOT_LOCKED);
    block[50] = 7;
    EXPECT(GlobalReAlloc(handle, 100000, GMEM_MOVEABLE | GMEM_ZEROINIT) == handle);
    EXPECT_EQUAL(GlobalSize(handle), 100000);
    block = GlobalLock(handle);
    EXPECT(block[50] == 7 && block[99999] == 0);
    // Locked, it stays where it is.
    FAILS(GlobalReAlloc(handle, 10000000, 0) == NULL, ERROR_NOT_ENOUGH_MEMORY);
    EXPECT(GlobalLock(handle) == block && GlobalFlags(handle) == 2);
    EXPECT(GlobalReAlloc(handle, 0, GMEM_MODIFY | GMEM_DISCARDABLE) == handle);
    EXPECT_EQUAL(GlobalFlags(handle), GMEM_DISCARDABLE | 2);
    EXPECT(GlobalFree(handle) == NULL);
    EXPECT_EQUAL(GlobalFlags(handle), GMEM_INVALID_HANDLE);
}

static void discarded(void)
{
    HLOCAL handle = LocalAlloc(LMEM_MOVEABLE | LMEM_DISCARDABLE, 0);
    EXPECT_EQUAL(LocalFlags(handle), LMEM_DISCARDED | LMEM_DISCARDABLE);
    FAILS(LocalLock(handle) == NULL, ERROR_DISCARDED);
    EXPECT(LocalReAlloc(handle, 10, LMEM_MOVEABLE) == handle);
    EXPECT_EQUAL(LocalFlags(handle), LMEM_DISCARDABLE);
    EXPECT(LocalLock(handle) != NULL && LocalSize(handle) == 10);
    EXPECT(LocalReAlloc(handle, 0, LMEM_MOVEABLE) == NULL);
    EXPECT(!LocalUnlock(handle) && LocalDiscard(handle) == handle);
    EXPECT_EQUAL(LocalSize(handle), 0);
    EXPECT(LocalFree(handle) == NULL);
}

static void what_is_bad(void)
{
    static const DWORD handles[] = {4, 8, 0xDEADBEE8, 0xDEADBEEC, 0x80000000, 0x80000004, 0x7FFE0000, 0x7FFE0004, 0x7FFF0000, 0xFFFFFFFF, 1};
    for (int index = 0; index < 11; index++) {
        HGLOBAL bad = (HGLOBAL)handles[index];
        FAILS(GlobalLock(bad) == NULL, ERROR_INVALID_HANDLE);
        FAILS(!GlobalUnlock(bad), ERROR_INVALID_HANDLE);
        FAILS(GlobalSize(bad) == 0, ERROR_INVALID_HANDLE);
        FAILS(GlobalHandle(bad) == NULL, ERROR_INVALID_HANDLE);
        FAILS(GlobalFlags(bad) == GMEM_INVALID_HANDLE, ERROR_INVALID_HANDLE);
        FAILS(GlobalReAlloc(bad, 9, GMEM_MOVEABLE) == NULL, ERROR_INVALID_HANDLE);
        FAILS(GlobalFree(bad) == bad, ERROR_INVALID_HANDLE);
    }
    FAILS(GlobalAlloc(0x8000, 1) == NULL, ERROR_INVALID_PARAMETER);
    FAILS(LocalAlloc(0x1000, 1) == NULL, ERROR_INVALID_PARAMETER);
    FAILS(GlobalAlloc(GMEM_FIXED, 0xFFFFFFF8) == NULL, ERROR_NOT_ENOUGH_MEMORY);
    FAILS(GlobalAlloc(GMEM_MOVEABLE, 0xFFFFFFF8) == NULL, ERROR_NOT_ENOUGH_MEMORY);
    FAILS(GlobalAlloc(GMEM_MOVEABLE, 0xFFFFFFFF) == NULL, ERROR_NOT_ENOUGH_MEMORY);
}

static void test(void)
{
    fixed();
    movable();
    discarded();
    what_is_bad();
    EXPECT(!IsBadHugeReadPtr(&test, 1) && IsBadHugeWritePtr((void *)0x10, 1));
}
