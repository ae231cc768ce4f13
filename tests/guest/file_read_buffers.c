// What ReadFile stores to: buffers that lie across pages, in pages that are not there yet or are still shared, in views, also of the file that
// is read. Where one byte of a buffer takes no store, none is stored.
// expect: exit 0
#include "section_file.h"

#define NAME "C:\\buffers.tmp"
#define SIZE 0x48123u

static char shared_so_far[3 * PAGE] = {1};

static char byte(DWORD at)
{
    return (char)(at * 7 ^ at >> 8 ^ at >> 16);
}

static BOOL is_part(const char *bytes, DWORD from, DWORD count)
{
    for (DWORD at = 0; at < count; at++)
        if (bytes[at] != byte(from + at))
            return FALSE;
    return TRUE;
}

static DWORD read_at(HANDLE file, DWORD from, void *bytes, DWORD count)
{
    DWORD done = 0xDEAD;
    EXPECT_EQUAL(SetFilePointer(file, (LONG)from, NULL, FILE_BEGIN), from);
    EXPECT(ReadFile(file, bytes, count, &done, NULL));
    return done;
}

static void refused(HANDLE file, char *bytes, DWORD count)
{
    DWORD done = 0xDEAD;
    EXPECT_EQUAL(SetFilePointer(file, 0x1234, NULL, FILE_BEGIN), 0x1234);
    EXPECT_ERROR(ReadFile(file, bytes, count, &done, NULL), ERROR_NOACCESS);
    EXPECT_EQUAL(SetFilePointer(file, 0, NULL, FILE_CURRENT), 0x1234);
}

static void test(void)
{
    HANDLE file = CreateFileA(NAME, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    char *all = VirtualAlloc(NULL, SIZE, MEM_COMMIT, PAGE_READWRITE);
    DWORD done = 0, old;
    for (DWORD at = 0; at < SIZE; at++)
        all[at] = byte(at);
    EXPECT(WriteFile(file, all, SIZE, &done, NULL) && done == SIZE);
    // Pages that no frame is behind yet, from no page's start to no page's start.
    char *fresh = VirtualAlloc(NULL, SIZE + 2 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_EQUAL(read_at(file, 0, fresh + 0x321, SIZE + 5), SIZE);
    EXPECT(is_part(fresh + 0x321, 0, SIZE) && fresh[0x320] == 0 && fresh[0x321 + SIZE] == 0);
    EXPECT_EQUAL(read_at(file, 0x3FFD, fresh + 0xFFE, 7), 7);
    EXPECT(is_part(fresh + 0xFFE, 0x3FFD, 7));
    // The page of the image is copied, and only here.
    EXPECT_EQUAL(read_at(file, 0x2101, shared_so_far + 0xF03, 0x1100), 0x1100);
    EXPECT(is_part(shared_so_far + 0xF03, 0x2101, 0x1100) && shared_so_far[0] == 1);
    // A view of another part of the same file, and one of the part that is read.
    HANDLE mapping = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    char *view = MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, 0);
    EXPECT_EQUAL(read_at(file, 0x5000, view + 0x5000, 0x3000), 0x3000);
    EXPECT(is_part(view, 0, SIZE));
    EXPECT_EQUAL(read_at(file, 0x10000, view + 0x20010, 0x2000), 0x2000);
    EXPECT(is_part(view + 0x20010, 0x10000, 0x2000) && is_part(view, 0, 0x20010));
    EXPECT_EQUAL(read_at(file, 0x20010, fresh, 0x2000), 0x2000);
    EXPECT(is_part(fresh, 0x10000, 0x2000));
    EXPECT(UnmapViewOfFile(view) && CloseHandle(mapping));
    // One page, or the last byte, is not to be stored to.
    for (DWORD at = 0; at < 4 * PAGE; at++)
        fresh[at] = 0x55;
    EXPECT(VirtualProtect(fresh + 2 * PAGE, PAGE, PAGE_READONLY, &old));
    refused(file, fresh, 3 * PAGE);
    refused(file, fresh + 0xFFF, PAGE + 2);
    EXPECT(VirtualProtect(fresh + 2 * PAGE, PAGE, PAGE_NOACCESS, &old));
    refused(file, fresh + PAGE, 2 * PAGE);
    EXPECT(all_bytes(fresh, 2 * PAGE, 0x55) && all_bytes(fresh + 3 * PAGE, PAGE, 0x55));
    refused(file, (char *)0x7FFE0000 - 1, 2);
    refused(file, (char *)0x7FFF0000 - 1, 2);
    EXPECT(VirtualProtect(fresh + 2 * PAGE, PAGE, PAGE_READWRITE, &old));
    EXPECT_EQUAL(read_at(file, 0x1234, fresh, 3 * PAGE), 3 * PAGE);
    EXPECT(is_part(fresh, 0x1234, 3 * PAGE));
    EXPECT(CloseHandle(file) && DeleteFileA(NAME));
    VirtualFree(fresh, 0, MEM_RELEASE);
    VirtualFree(all, 0, MEM_RELEASE);
}
