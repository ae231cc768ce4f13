// Memory that is not cached, or write-combined, is memory all the same; what was asked for is told, and what cannot be is refused.
// expect: exit 0
#include "test.h"

static void expect_memory(char *page)
{
    for (unsigned index = 0; index < PAGE; index += 64)
        page[index] = (char)(index >> 6);
    for (unsigned index = 0; index < PAGE; index += 64)
        EXPECT_EQUAL((unsigned char)page[index], index >> 6);
}

static void test(void)
{
    const ULONG both = MEM_RESERVE | MEM_COMMIT;
    const ULONG kinds[] = {0, PAGE_NOCACHE, PAGE_WRITECOMBINE};
    for (int kind = 0; kind < 3; kind++) {
        char *page = VirtualAlloc(NULL, PAGE, both, PAGE_READWRITE | kinds[kind]);
        EXPECT(page != NULL);
        expect_memory(page);
        EXPECT_REGION(page, PAGE, MEM_COMMIT, PAGE_READWRITE | kinds[kind]);
        SetProcessWorkingSetSize(GetCurrentProcess(), (SIZE_T)-1, (SIZE_T)-1);
        EXPECT_EQUAL(page[64], 1);
        EXPECT_REGION(page, PAGE, MEM_COMMIT, PAGE_READWRITE | kinds[kind]);
        EXPECT_EQUAL(protect_at(page, PAGE, PAGE_READWRITE | PAGE_NOCACHE), SUCCESS);
        expect_memory(page);
        EXPECT_REGION(page, PAGE, MEM_COMMIT, PAGE_READWRITE | PAGE_NOCACHE);
        EXPECT_EQUAL(protect_at(page, PAGE, PAGE_READWRITE | PAGE_WRITECOMBINE), 0xC0000045);
        EXPECT_EQUAL(protect_at(page, PAGE, PAGE_READWRITE), SUCCESS);
        expect_memory(page);
        EXPECT_REGION(page, PAGE, MEM_COMMIT, PAGE_READWRITE);
        EXPECT(VirtualFree(page, 0, MEM_RELEASE));
    }
    const ULONG refused[] = {PAGE_NOACCESS | PAGE_NOCACHE, PAGE_READWRITE | PAGE_NOCACHE | PAGE_WRITECOMBINE, PAGE_READWRITE | PAGE_GUARD | PAGE_NOCACHE};
    for (int index = 0; index < 3; index++) {
        EXPECT(VirtualAlloc(NULL, PAGE, both, refused[index]) == NULL);
        EXPECT_EQUAL(GetLastError(), ERROR_INVALID_PARAMETER);
    }

    // A section without cache, seen twice.
    HANDLE section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE | SEC_COMMIT | SEC_NOCACHE, 0, PAGE, NULL);
    EXPECT(section != NULL);
    char *one = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0), *two = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0);
    EXPECT(one != NULL && two != NULL);
    expect_memory(one);
    EXPECT_EQUAL(two[64], 1);
    EXPECT_REGION(one, PAGE, MEM_COMMIT, PAGE_READWRITE | PAGE_NOCACHE);
    EXPECT(UnmapViewOfFile(one) && UnmapViewOfFile(two) && CloseHandle(section));
}
