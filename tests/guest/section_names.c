// Two processes meet in a section by its name; who makes one that is there gets it; the name goes with the last handle, and the
// memory with the last view.
// expect: exit 0
#include "process.h"

#define NAME "Local\\section_names"
#define OTHER "Global\\section_names"

static DWORD second(void)
{
    HANDLE mapping = OpenFileMappingA(FILE_MAP_WRITE, FALSE, OTHER);
    EXPECT(mapping != NULL);
    DWORD *view = MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0x10000, 0);
    EXPECT(view != NULL);
    EXPECT_EQUAL(view[0], 0x11111111);
    view[1] = 0x22222222;
    EXPECT(CloseHandle(mapping) && UnmapViewOfFile(view));
    return failures;
}

static void refusals(void)
{
    EXPECT_ERROR(OpenFileMappingA(FILE_MAP_READ, FALSE, "section_names_absent"), ERROR_FILE_NOT_FOUND);
    EXPECT_ERROR(OpenFileMappingW(FILE_MAP_READ, FALSE, NULL), ERROR_INVALID_PARAMETER);
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, "section_names_event");
    EXPECT_ERROR(OpenFileMappingA(FILE_MAP_READ, FALSE, "section_names_event"), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, PAGE, "section_names_event"), ERROR_INVALID_HANDLE);
    EXPECT(CloseHandle(event));
    EXPECT_ERROR(CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 0, "section_names_empty"), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(OpenFileMappingA(FILE_MAP_READ, FALSE, "section_names_empty"), ERROR_FILE_NOT_FOUND);
    // More than there is to promise: the name is not left behind.
    EXPECT_ERROR(CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 8, 0, "section_names_vast"), ERROR_COMMITMENT_LIMIT);
    EXPECT_ERROR(OpenFileMappingA(FILE_MAP_READ, FALSE, "section_names_vast"), ERROR_FILE_NOT_FOUND);
}

static void test(void)
{
    const char *line = GetCommandLineA();
    if (line[length_of(line) - 1] == '2')
        ExitProcess(second());
    refusals();
    SetLastError(1);
    HANDLE mapping = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 0x20000, NAME);
    EXPECT(mapping != NULL);
    EXPECT_EQUAL(GetLastError(), 0);
    HANDLE again = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, PAGE, L"section_names");
    EXPECT(again != NULL && again != mapping);
    EXPECT_EQUAL(GetLastError(), ERROR_ALREADY_EXISTS);
    DWORD *view = MapViewOfFile(again, FILE_MAP_WRITE, 0, 0, 0);
    EXPECT(view != NULL);
    EXPECT_EQUAL(query(view).RegionSize, 0x20000);
    view[0x4000] = 0x11111111;
    EXPECT_EQUAL(run("section_names 2"), 0);
    EXPECT_EQUAL(view[0x4001], 0x22222222);
    HANDLE readable = OpenFileMappingA(FILE_MAP_READ, FALSE, NAME);
    EXPECT_ERROR(MapViewOfFile(readable, FILE_MAP_WRITE, 0, 0, 0), ERROR_ACCESS_DENIED);
    EXPECT(CloseHandle(mapping) && CloseHandle(readable));
    EXPECT(CloseHandle(again));
    EXPECT_ERROR(OpenFileMappingA(FILE_MAP_READ, FALSE, NAME), ERROR_FILE_NOT_FOUND);
    // A view keeps the memory, and not the name.
    EXPECT_EQUAL(view[0x4000], 0x11111111);
    mapping = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 0x20000, NAME);
    EXPECT_EQUAL(GetLastError(), 0);
    DWORD *fresh = MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, 0);
    EXPECT_EQUAL(fresh[0x4000], 0);
    EXPECT(UnmapViewOfFile(fresh) && UnmapViewOfFile(view) && CloseHandle(mapping));
}
