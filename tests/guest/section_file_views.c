// Views of a file's data: they show what reading the file gives, all of them the same, with zeros behind the file's end; copies
// are the process's own.
// expect: exit 0
#include "section_file.h"

static char *contents;
static DWORD size;

static BOOL same(const volatile char *view, DWORD at, DWORD bytes)
{
    for (DWORD index = 0; index < bytes; index++)
        if (view[index] != contents[at + index])
            return FALSE;
    return TRUE;
}

static void reading(HANDLE mapping)
{
    char *view = MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0);
    EXPECT_REGION(view, pages(size), MEM_COMMIT, PAGE_READONLY);
    EXPECT_EQUAL(query(view).Type, MEM_MAPPED);
    EXPECT_EQUAL(query(view).AllocationProtect, PAGE_READONLY);
    // From its end on, so that nothing is read in order.
    for (DWORD at = pages(size) - PAGE; at != 0; at -= PAGE)
        EXPECT_EQUAL(view[at], contents[at]);
    EXPECT(same(view, 0, size));
    EXPECT(all_bytes(view + size, pages(size) - size, 0));
    char *part = MapViewOfFile(mapping, FILE_MAP_READ, 0, 0x10000, 0x2001);
    EXPECT_REGION(part, 0x3000, MEM_COMMIT, PAGE_READONLY);
    EXPECT(same(part, 0x10000, 0x3000));
    char *last = MapViewOfFile(mapping, FILE_MAP_READ, 0, size & ~0xFFFFu, 0);
    EXPECT_REGION(last, pages(size) - (size & ~0xFFFFu), MEM_COMMIT, PAGE_READONLY);
    EXPECT(same(last, size & ~0xFFFFu, size - (size & ~0xFFFFu)));
    EXPECT_ERROR(MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, pages(size) + PAGE), ERROR_ACCESS_DENIED);
    EXPECT_ERROR(MapViewOfFile(mapping, FILE_MAP_READ, 0, (pages(size) + 0xFFFF) & ~0xFFFFu, 0), ERROR_ACCESS_DENIED);
    EXPECT(FlushViewOfFile(view, 0) && FlushViewOfFile(part + 5, 100));
    EXPECT(UnmapViewOfFile(view) && UnmapViewOfFile(last));
    EXPECT(same(part, 0x10000, 0x3000));
    EXPECT(UnmapViewOfFile(part));
}

static void copies(HANDLE mapping)
{
    volatile char *view = MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0);
    volatile char *copy = MapViewOfFile(mapping, FILE_MAP_COPY, 0, 0, 0);
    volatile char *other = MapViewOfFile(mapping, FILE_MAP_COPY, 0, 0, 0);
    EXPECT_REGION(copy, pages(size), MEM_COMMIT, PAGE_WRITECOPY);
    copy[PAGE + 1] = (char)~contents[PAGE + 1];
    copy[pages(size) - 1] = 7; // behind the file's end
    EXPECT_REGION(copy + PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_REGION(copy + 2 * PAGE, pages(size) - 3 * PAGE, MEM_COMMIT, PAGE_WRITECOPY);
    EXPECT(copy[PAGE] == contents[PAGE] && copy[PAGE + 1] == (char)~contents[PAGE + 1]);
    EXPECT(view[PAGE + 1] == contents[PAGE + 1] && other[PAGE + 1] == contents[PAGE + 1]);
    EXPECT(view[pages(size) - 1] == 0 && other[pages(size) - 1] == 0 && copy[pages(size) - 1] == 7);
    EXPECT_EQUAL(protect_at((PVOID)copy, PAGE, PAGE_READWRITE), MORE_THAN_SECTION);
    EXPECT_EQUAL(protect_at((PVOID)copy, PAGE, PAGE_READONLY), SUCCESS);
    EXPECT_EQUAL(protect_at((PVOID)view, PAGE, PAGE_READWRITE), MORE_THAN_SECTION);
    EXPECT_EQUAL(protect_at((PVOID)view, PAGE, PAGE_NOACCESS), SUCCESS);
    EXPECT_REGION(view, PAGE, MEM_COMMIT, PAGE_NOACCESS);
    EXPECT_EQUAL(protect_at((PVOID)view, PAGE, PAGE_READONLY), SUCCESS);
    EXPECT(same(view, 0, PAGE));
    EXPECT(FlushViewOfFile((PVOID)copy, 0)); // what is the process's own is not the file's
    EXPECT(UnmapViewOfFile((PVOID)copy));
    copy = MapViewOfFile(mapping, FILE_MAP_COPY, 0, 0, 0);
    EXPECT(same(copy, 0, size));
    EXPECT(UnmapViewOfFile((PVOID)copy) && UnmapViewOfFile((PVOID)other) && UnmapViewOfFile((PVOID)view));
}

static void test(void)
{
    HANDLE file = open_file(LARGE_FILE, GENERIC_READ), again = open_file(LARGE_FILE, GENERIC_READ);
    DWORD count = 0;
    size = GetFileSize(file, NULL);
    EXPECT(size > 0x20000);
    contents = commit(size);
    EXPECT(ReadFile(file, contents, size, &count, NULL) && count == size);
    HANDLE mapping = CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 0, NULL);
    reading(mapping);
    HANDLE copied = CreateFileMappingA(again, NULL, PAGE_WRITECOPY, 0, 0, NULL);
    copies(copied);
    // What was opened twice is one file, and views outlive all handles.
    char *one = MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0), *other = MapViewOfFile(copied, FILE_MAP_READ, 0, 0, 0);
    EXPECT(CloseHandle(mapping) && CloseHandle(copied) && CloseHandle(file) && CloseHandle(again));
    EXPECT(one != NULL && other != NULL && one != other);
    EXPECT(same(one, 0, size) && same(other, 0, size));
    EXPECT(UnmapViewOfFile(one) && UnmapViewOfFile(other));
    EXPECT_EQUAL(query(one).State, MEM_FREE);
}
