// Views of a file that is written: what views, reads and writes of it show is one; it grows with its section, and does not
// shrink or go while it is mapped; an image of it is made of what was stored.
// expect: exit 0
#include "section_file.h"

#define NAME "C:\\mapped.tmp"
#define LONG_SIZE 0x40000u

static HANDLE open_new(DWORD creation)
{
    HANDLE file = CreateFileA(NAME, GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, creation, 0, NULL);
    EXPECT(file != INVALID_HANDLE_VALUE);
    return file;
}

static void read_at(HANDLE file, DWORD at, void *bytes, DWORD count)
{
    DWORD done = 0;
    EXPECT_EQUAL(SetFilePointer(file, (LONG)at, NULL, FILE_BEGIN), at);
    EXPECT(ReadFile(file, bytes, count, &done, NULL) && done == count);
}

static char byte_at(HANDLE file, DWORD at)
{
    char byte = 0x55;
    read_at(file, at, &byte, 1);
    return byte;
}

static void write_at(HANDLE file, DWORD at, const void *bytes, DWORD count)
{
    DWORD done = 0;
    EXPECT_EQUAL(SetFilePointer(file, (LONG)at, NULL, FILE_BEGIN), at);
    EXPECT(WriteFile(file, bytes, count, &done, NULL) && done == count);
}

// What another process stores is seen here.
static void child(void)
{
    HANDLE file = open_new(OPEN_EXISTING), mapping = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    char *view = MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, 0);
    EXPECT(view[0x1000] == 1 && view[0x2000] == 2);
    view[0x2001] = 3;
}

static void sharing(void)
{
    HANDLE file = open_new(CREATE_ALWAYS), section = NULL;
    EXPECT_EQUAL(create_file_section(&section, file, 0, PAGE_READWRITE, SEC_COMMIT), EMPTY_FILE);
    EXPECT_ERROR(CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 0, NULL), ERROR_FILE_INVALID);
    HANDLE mapping = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0x2345, NULL);
    EXPECT_EQUAL(GetFileSize(file, NULL), 0x2345);
    char *view = MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, 0);
    EXPECT_REGION(view, 0x3000, MEM_COMMIT, PAGE_READWRITE);
    EXPECT(all_bytes(view, 0x3000, 0));
    view[0x1000] = 1;
    EXPECT_EQUAL(byte_at(file, 0x1000), 1);
    write_at(file, 0x2000, "\2", 1);
    EXPECT_EQUAL(view[0x2000], 2);
    HANDLE again = open_new(OPEN_EXISTING), other = CreateFileMappingA(again, NULL, PAGE_READWRITE, 0, 0, NULL);
    volatile char *more = MapViewOfFile(other, FILE_MAP_READ, 0, 0, 0), *copy = MapViewOfFile(other, FILE_MAP_COPY, 0, 0, 0);
    EXPECT(more[0x1000] == 1 && more[0x2000] == 2);
    EXPECT_EQUAL(run("section_file_write 1"), 0);
    EXPECT(view[0x2001] == 3 && more[0x2001] == 3 && byte_at(again, 0x2001) == 3);
    copy[5] = 9;
    EXPECT(view[5] == 0 && byte_at(file, 5) == 0 && copy[0x2001] == 3);
    EXPECT(FlushViewOfFile(view, 0) && FlushViewOfFile((PVOID)more, 0x2345) && FlushFileBuffers(file));
    // Nothing is cut off that is mapped.
    EXPECT_EQUAL(SetFilePointer(file, 0x1000, NULL, FILE_BEGIN), 0x1000);
    EXPECT_ERROR(SetEndOfFile(file), ERROR_USER_MAPPED_FILE);
    EXPECT_ERROR(DeleteFileA(NAME), ERROR_ACCESS_DENIED);
    EXPECT(UnmapViewOfFile((PVOID)copy) && UnmapViewOfFile((PVOID)more) && UnmapViewOfFile(view));
    EXPECT_ERROR(SetEndOfFile(file), ERROR_USER_MAPPED_FILE); // sections are still there
    EXPECT(CloseHandle(mapping) && CloseHandle(other) && CloseHandle(again));
    EXPECT(SetEndOfFile(file));
    EXPECT_EQUAL(GetFileSize(file, NULL), 0x1000);
    // What was cut off is zeros when it comes back.
    mapping = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0x3000, NULL);
    view = MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, 0);
    EXPECT(all_bytes(view, 0x3000, 0));
    EXPECT(UnmapViewOfFile(view) && CloseHandle(mapping) && CloseHandle(file));
}

static void growing(void)
{
    HANDLE file = open_new(CREATE_ALWAYS), section = NULL;
    EXPECT_EQUAL(create_file_section(&section, file, 0x1234, PAGE_READWRITE, SEC_COMMIT), SUCCESS);
    LARGE_INTEGER size = {.QuadPart = LONG_SIZE};
    EXPECT_EQUAL(NtExtendSection(section, &size), SUCCESS);
    EXPECT(size.QuadPart == LONG_SIZE && GetFileSize(file, NULL) == LONG_SIZE);
    char *view = view_of(section, PAGE_READWRITE);
    EXPECT_REGION(view, LONG_SIZE, MEM_COMMIT, PAGE_READWRITE);
    for (DWORD at = 0; at < LONG_SIZE; at += GRANULARITY)
        view[at + 0xFFF] = (char)(at >> 16 | 1);
    PVOID part = view + 0xF000;
    SIZE_T bytes = 0x2000;
    ULONG block[2] = {1, 1};
    EXPECT_EQUAL(NtFlushVirtualMemory(OWN_PROCESS, &part, &bytes, block), SUCCESS);
    EXPECT(part == view + 0xF000 && bytes == 0x2000 && block[0] == 0);
    EXPECT_EQUAL(NtUnmapViewOfSection(OWN_PROCESS, view), SUCCESS);
    EXPECT(CloseHandle(section) && FlushFileBuffers(file) && CloseHandle(file));
    file = open_new(OPEN_EXISTING);
    char page[PAGE];
    for (DWORD at = 0; at < LONG_SIZE; at += GRANULARITY) {
        read_at(file, at, page, PAGE);
        EXPECT(all_bytes(page, PAGE - 1, 0) && page[PAGE - 1] == (char)(at >> 16 | 1));
    }
    EXPECT_EQUAL(byte_at(file, 0x12345), 0);
    EXPECT(CloseHandle(file));
}

// An image is what the file's pages say when it is made, written or not; what is stored later is not its business.
static void imaging(void)
{
    HANDLE from = open_file(SOME_FILE, GENERIC_READ), file = open_new(CREATE_ALWAYS), image = NULL;
    DWORD size = GetFileSize(from, NULL), done = 0;
    HANDLE mapping = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, size, NULL);
    char *view = MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, 0);
    EXPECT_EQUAL(create_file_section(&image, file, 0, PAGE_EXECUTE, SEC_IMAGE), (int)0xC000012F);
    EXPECT(ReadFile(from, view, size, &done, NULL) && done == size);
    EXPECT_EQUAL(create_file_section(&image, file, 0, PAGE_EXECUTE, SEC_IMAGE), SUCCESS);
    view[0] = 0;
    PVOID base = NULL;
    SIZE_T bytes = 0;
    EXPECT_EQUAL(NtMapViewOfSection(image, OWN_PROCESS, &base, 0, 0, NULL, &bytes, VIEW_UNMAP, 0, PAGE_READONLY), IMAGE_NOT_AT_BASE);
    EXPECT_EQUAL(NtAreMappedFilesTheSame(base, view), SUCCESS);
    EXPECT_EQUAL(NtAreMappedFilesTheSame(base, GetModuleHandleA("ntdll")), OTHER_FILE);
    for (DWORD at = 0x100; at < 0x200; at++)
        EXPECT_EQUAL(((char *)base)[at], view[at]);
    EXPECT_EQUAL(NtUnmapViewOfSection(OWN_PROCESS, base), SUCCESS);
    EXPECT(CloseHandle(image) && UnmapViewOfFile(view) && CloseHandle(mapping) && CloseHandle(from) && CloseHandle(file));
}

static void test(void)
{
    if (number_in(GetCommandLineA()) != 0) {
        child();
        return;
    }
    sharing();
    growing();
    imaging();
    EXPECT(DeleteFileA(NAME));
}
