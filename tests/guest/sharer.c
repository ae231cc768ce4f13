// The other process in the tests of shared memory. Its argument is a handle to a section of four pages that it inherited; the
// first words there say what to do.
// role: helper
#include "section.h"

enum { READ_AND_ANSWER = 1, USE_DUPLICATE, COPY, COMMIT_PAGE };

static void test(void)
{
    HANDLE section = (HANDLE)number_in(GetCommandLineA());
    volatile DWORD *words = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    EXPECT(words != NULL);
    if (words == NULL)
        return;
    switch (words[0]) {
    case READ_AND_ANSWER:
        EXPECT_EQUAL(words[1], 0xCAFE);
        words[PAGE / 4] = 0xBEEF;
        break;
    case USE_DUPLICATE: {
        // The handle allows reading, no more.
        HANDLE other = (HANDLE)words[1];
        EXPECT_ERROR(MapViewOfFile(other, FILE_MAP_WRITE, 0, 0, 0), ERROR_ACCESS_DENIED);
        volatile DWORD *read = MapViewOfFile(other, FILE_MAP_READ, 0, 0, 0);
        EXPECT(read != NULL && read != words);
        EXPECT_EQUAL(read[0], 0xD00D);
        words[2] = read[1] + 1;
        break;
    }
    case COPY: {
        volatile DWORD *copy = MapViewOfFile(section, FILE_MAP_COPY, 0, 0, 0);
        copy[PAGE / 4] = 7;
        EXPECT_EQUAL(words[PAGE / 4], 1);
        words[PAGE / 2] = 8;
        EXPECT_EQUAL(copy[PAGE / 2], 8); // not written here yet
        break;
    }
    case COMMIT_PAGE:
        EXPECT(VirtualAlloc((PVOID)(words + PAGE / 4), 1, MEM_COMMIT, PAGE_READWRITE) == words + PAGE / 4);
        words[PAGE / 4] = 0xF00D;
        break;
    }
}
