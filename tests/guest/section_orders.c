// Handles and views of many sections go in every order, and neither frames nor commitment stay behind.
// expect: exit 0
#include "section.h"

NTSTATUS NTAPI NtQuerySystemInformation(ULONG class, PVOID buffer, ULONG length, PULONG done);

// Pages that are committed, but for the kernel's pool, which keeps some for later.
static DWORD committed(void)
{
    DWORD words[78];
    EXPECT_EQUAL(NtQuerySystemInformation(2, words, sizeof words, NULL), SUCCESS);
    return words[12] - words[29];
}

// Two handles and two views, one copy-on-write; `order` says which goes first, second, third and last.
static void round(const BYTE *order)
{
    HANDLE section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 0x9000, NULL), other = NULL;
    EXPECT(DuplicateHandle(OWN_PROCESS, section, OWN_PROCESS, &other, 0, FALSE, DUPLICATE_SAME_ACCESS));
    volatile char *view = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0), *copy = MapViewOfFile(other, FILE_MAP_COPY, 0, 0, 0);
    EXPECT(view != NULL && copy != NULL);
    for (DWORD page = 0; page < 9; page++)
        view[page * PAGE] = 1;
    for (DWORD page = 0; page < 9; page += 2)
        copy[page * PAGE] = 2;
    for (DWORD index = 0; index < 4; index++)
        switch (order[index]) {
        case 0: EXPECT(CloseHandle(section)); break;
        case 1: EXPECT(CloseHandle(other)); break;
        case 2: EXPECT(view[PAGE] == 1 && UnmapViewOfFile((PVOID)view)); break;
        case 3: EXPECT(copy[PAGE] == 1 && copy[0] == 2 && UnmapViewOfFile((PVOID)copy)); break;
        }
}

static void test(void)
{
    static const BYTE orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}, {0, 3, 1, 2}, {2, 3, 0, 1}, {1, 2, 0, 3}};
    // The first view of a page that is mapped already brings a page for the working set's hash table.
    for (DWORD turn = 0; turn < 6; turn++)
        round(orders[turn]);
    // What stays behind stays each time. A page of the kernel's heap, a page table of the pool's, or a page of this process's working-set
    // list comes once, at any moment.
    DWORD before, charged, after, times = 0;
    do {
        before = committed();
        for (DWORD turn = 0; turn < 60; turn++)
            round(orders[turn % 6]);
        charged = committed();
        HANDLE section = section_of(0x100000, PAGE_READWRITE, SEC_COMMIT);
        charged = committed() - charged;
        EXPECT(CloseHandle(section));
        after = committed();
    } while (after != before && ++times < 3);
    EXPECT_EQUAL(after, before);
    EXPECT(charged == 0x100 || charged == 0xFF); // when it is made; a page of pool may have been kept
    // These are left to the end of the process.
    for (DWORD index = 0; index < 8; index++)
        fill(view_of(section_of(0x8000, PAGE_READWRITE, SEC_COMMIT), index & 1 ? PAGE_WRITECOPY : PAGE_READWRITE), 0x8000, 1);
}
