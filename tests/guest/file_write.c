// What is written is what is read: at any position, behind the end, appended, in pieces of every size; a full volume loses nothing.
// expect: exit 0
#include "test.h"

typedef struct {
    NTSTATUS status;
    ULONG_PTR information;
} STATUS_BLOCK;

NTSTATUS NTAPI NtWriteFile(HANDLE file, HANDLE event, PVOID routine, PVOID context, STATUS_BLOCK *block, const void *buffer,
                           ULONG length, LARGE_INTEGER *offset, ULONG *key);
NTSTATUS NTAPI NtReadFile(HANDLE file, HANDLE event, PVOID routine, PVOID context, STATUS_BLOCK *block, void *buffer,
                          ULONG length, LARGE_INTEGER *offset, ULONG *key);

#define SIZE 300000u

static unsigned char byte_at(DWORD at)
{
    return (unsigned char)(at / 7 + at % 253);
}

static HANDLE make(const char *name, DWORD access)
{
    HANDLE file = CreateFileA(name, access, 7, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    EXPECT(file != INVALID_HANDLE_VALUE);
    return file;
}

static void pieces(void)
{
    static const DWORD lengths[] = {1, 511, 512, 513, 4095, 4096, 4097, 65536, 70000};
    unsigned char *bytes = (unsigned char *)commit(SIZE), *read = (unsigned char *)commit(SIZE);
    for (DWORD at = 0; at < SIZE; at++)
        bytes[at] = byte_at(at);
    HANDLE file = make("pieces.bin", GENERIC_READ | GENERIC_WRITE);
    DWORD at = 0, done, index = 0;
    while (at < SIZE) {
        DWORD length = lengths[index++ % (sizeof lengths / sizeof lengths[0])];
        length = length < SIZE - at ? length : SIZE - at;
        EXPECT(WriteFile(file, bytes + at, length, &done, NULL) && done == length);
        at += length;
    }
    EXPECT_EQUAL(GetFileSize(file, NULL), SIZE);
    EXPECT(FlushFileBuffers(file));
    EXPECT(CloseHandle(file));
    file = CreateFileA("pieces.bin", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    EXPECT(ReadFile(file, read, SIZE, &done, NULL) && done == SIZE);
    DWORD wrong = 0;
    for (at = 0; at < SIZE; at++)
        wrong += read[at] != bytes[at];
    EXPECT_EQUAL(wrong, 0);
    EXPECT(CloseHandle(file) && DeleteFileA("pieces.bin"));
}

static void gaps(void)
{
    unsigned char bytes[16];
    DWORD done;
    HANDLE file = make("gaps.bin", GENERIC_READ | GENERIC_WRITE);
    EXPECT_EQUAL(SetFilePointer(file, 100000, NULL, FILE_BEGIN), 100000);
    EXPECT_EQUAL(GetFileSize(file, NULL), 0);
    EXPECT(WriteFile(file, "end", 3, &done, NULL));
    EXPECT_EQUAL(GetFileSize(file, NULL), 100003);
    EXPECT_EQUAL(SetFilePointer(file, 50000, NULL, FILE_BEGIN), 50000);
    EXPECT(ReadFile(file, bytes, sizeof bytes, &done, NULL) && done == sizeof bytes);
    for (DWORD at = 0; at < sizeof bytes; at++)
        EXPECT_EQUAL(bytes[at], 0);
    // Shorter, then longer: what was cut off is gone.
    EXPECT_EQUAL(SetFilePointer(file, 100001, NULL, FILE_BEGIN), 100001);
    EXPECT(SetEndOfFile(file));
    EXPECT_EQUAL(SetFilePointer(file, 100008, NULL, FILE_BEGIN), 100008);
    EXPECT(SetEndOfFile(file));
    EXPECT_EQUAL(SetFilePointer(file, 100000, NULL, FILE_BEGIN), 100000);
    EXPECT(ReadFile(file, bytes, sizeof bytes, &done, NULL));
    EXPECT_EQUAL(done, 8);
    EXPECT(bytes[0] == 'e' && bytes[1] == 0 && bytes[2] == 0 && bytes[7] == 0);
    EXPECT_EQUAL(SetFilePointer(file, -1, NULL, FILE_BEGIN), INVALID_SET_FILE_POINTER);
    EXPECT_EQUAL(GetLastError(), ERROR_NEGATIVE_SEEK);
    EXPECT(CloseHandle(file) && DeleteFileA("gaps.bin"));
}

static void appends(void)
{
    STATUS_BLOCK block;
    char bytes[8] = {0};
    DWORD done;
    HANDLE file = make("append.txt", GENERIC_READ | GENERIC_WRITE);
    HANDLE other = CreateFileA("append.txt", FILE_APPEND_DATA, 7, NULL, OPEN_EXISTING, 0, NULL);
    EXPECT(other != INVALID_HANDLE_VALUE);
    LARGE_INTEGER end = {.QuadPart = -1}, here = {.QuadPart = -2}, at = {.QuadPart = 1};
    EXPECT_EQUAL(NtWriteFile(file, NULL, NULL, NULL, &block, "ab", 2, &end, NULL), SUCCESS);
    EXPECT_EQUAL(block.information, 2);
    EXPECT(WriteFile(other, "cd", 2, &done, NULL));
    EXPECT_EQUAL(NtWriteFile(file, NULL, NULL, NULL, &block, "x", 1, &here, NULL), SUCCESS);
    EXPECT_EQUAL(NtWriteFile(other, NULL, NULL, NULL, &block, "e", 1, &at, NULL), SUCCESS);
    at.QuadPart = 0;
    EXPECT_EQUAL(NtReadFile(file, NULL, NULL, NULL, &block, bytes, 8, &at, NULL), SUCCESS);
    EXPECT_EQUAL(block.information, 5);
    EXPECT(bytes[0] == 'a' && bytes[1] == 'b' && bytes[2] == 'x' && bytes[3] == 'd' && bytes[4] == 'e');
    at.QuadPart = 5;
    EXPECT_EQUAL(NtReadFile(file, NULL, NULL, NULL, &block, bytes, 8, &at, NULL), 0xC0000011);
    at.QuadPart = -3;
    EXPECT_EQUAL(NtWriteFile(file, NULL, NULL, NULL, &block, "x", 1, &at, NULL), BAD_PARAMETER);
    EXPECT(!ReadFile(other, bytes, 1, &done, NULL));
    EXPECT_EQUAL(GetLastError(), ERROR_ACCESS_DENIED);
    EXPECT_EQUAL(NtWriteFile(file, NULL, NULL, NULL, &block, (void *)0x80000000, 1, NULL, NULL), VIOLATION);
    // A service that only reads a buffer does not look into it; the file system, which does, has a status of its own.
    EXPECT_EQUAL(NtWriteFile(file, NULL, NULL, NULL, &block, (void *)0x1000, 1, NULL, NULL), 0xC00000E8);
    EXPECT_ERROR(WriteFile(file, NULL, 10, &done, NULL), ERROR_INVALID_USER_BUFFER);
    EXPECT_ERROR(WriteFile(file, reserve(PAGE), 10, &done, NULL), ERROR_INVALID_USER_BUFFER);
    EXPECT_EQUAL(done, 0);
    EXPECT_EQUAL(GetFileSize(file, NULL), 5);
    EXPECT(CloseHandle(file) && CloseHandle(other) && DeleteFileA("append.txt"));
}

static void full(void)
{
    ULARGE_INTEGER free, after, all;
    DWORD done;
    EXPECT(GetDiskFreeSpaceExA("C:\\", &free, &all, NULL));
    EXPECT(free.QuadPart > 0 && free.QuadPart < all.QuadPart);
    HANDLE small = make("small.bin", GENERIC_READ | GENERIC_WRITE), large = make("large.bin", GENERIC_WRITE);
    EXPECT(WriteFile(small, "kept", 4, &done, NULL));
    EXPECT_EQUAL(SetFilePointer(large, (LONG)free.LowPart + 1, NULL, FILE_BEGIN), free.LowPart + 1);
    EXPECT(!SetEndOfFile(large));
    EXPECT_EQUAL(GetLastError(), ERROR_DISK_FULL);
    EXPECT(!WriteFile(large, "x", 1, &done, NULL));
    EXPECT_EQUAL(GetLastError(), ERROR_DISK_FULL);
    EXPECT_EQUAL(GetFileSize(large, NULL), 0);
    char bytes[4] = {0};
    EXPECT_EQUAL(SetFilePointer(small, 0, NULL, FILE_BEGIN), 0);
    EXPECT(ReadFile(small, bytes, 4, &done, NULL) && done == 4 && bytes[0] == 'k' && bytes[3] == 't');
    EXPECT(CloseHandle(small) && CloseHandle(large));
    EXPECT(DeleteFileA("small.bin") && DeleteFileA("large.bin"));
    EXPECT(GetDiskFreeSpaceExA("C:\\", &after, NULL, NULL));
    EXPECT(after.QuadPart == free.QuadPart);
}

static void test(void)
{
    pieces();
    gaps();
    appends();
    full();
}
