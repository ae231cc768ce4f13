// Locks on ranges of bytes, as the services take them.
#ifndef LOCK_H
#define LOCK_H

#include "test.h"

typedef struct {
    NTSTATUS status;
    ULONG_PTR information;
} STATUS_BLOCK;

NTSTATUS NTAPI NtLockFile(HANDLE file, HANDLE event, PVOID routine, PVOID context, STATUS_BLOCK *block, LARGE_INTEGER *first,
                          LARGE_INTEGER *length, ULONG key, BOOLEAN fails, BOOLEAN excludes);
NTSTATUS NTAPI NtUnlockFile(HANDLE file, STATUS_BLOCK *block, LARGE_INTEGER *first, LARGE_INTEGER *length, ULONG key);
NTSTATUS NTAPI NtReadFile(HANDLE file, HANDLE event, PVOID routine, PVOID context, STATUS_BLOCK *block, void *buffer,
                          ULONG length, LARGE_INTEGER *offset, ULONG *key);
NTSTATUS NTAPI NtWriteFile(HANDLE file, HANDLE event, PVOID routine, PVOID context, STATUS_BLOCK *block, const void *buffer,
                           ULONG length, LARGE_INTEGER *offset, ULONG *key);

enum {
    LOCK_CONFLICT = (int)0xC0000054,
    NOT_GRANTED = (int)0xC0000055,
    NOT_LOCKED = (int)0xC000007E,
    CANCELLED = (int)0xC0000120,
    BAD_RANGE = (int)0xC00001A1,
    DENIED = (int)0xC0000022,
    BAD_REQUEST = (int)0xC0000010,
    END_OF_IT = (int)0xC0000011,
};

enum { SHARED, EXCLUSIVE };
enum { WAITS, FAILS };

static STATUS_BLOCK lock_block;

static inline NTSTATUS lock_with(HANDLE file, LONGLONG first, LONGLONG length, ULONG key, BOOLEAN fails, BOOLEAN excludes)
{
    LARGE_INTEGER from = {.QuadPart = first}, count = {.QuadPart = length};
    lock_block.status = 0x12345678;
    NTSTATUS status = NtLockFile(file, NULL, NULL, NULL, &lock_block, &from, &count, key, fails, excludes);
    if (status != DENIED)
        EXPECT_EQUAL(lock_block.status, status);
    return status;
}

static inline NTSTATUS lock(HANDLE file, LONGLONG first, LONGLONG length, BOOLEAN excludes)
{
    return lock_with(file, first, length, 0, FAILS, excludes);
}

static inline NTSTATUS unlock_with(HANDLE file, LONGLONG first, LONGLONG length, ULONG key)
{
    STATUS_BLOCK block = {0x12345678, 7};
    LARGE_INTEGER from = {.QuadPart = first}, count = {.QuadPart = length};
    NTSTATUS status = NtUnlockFile(file, &block, &from, &count, key);
    if (status != DENIED)
        EXPECT_EQUAL(block.status, status);
    return status;
}

static inline NTSTATUS unlock(HANDLE file, LONGLONG first, LONGLONG length)
{
    return unlock_with(file, first, length, 0);
}

static inline NTSTATUS read_with(HANDLE file, LONGLONG first, ULONG length, ULONG *key)
{
    char bytes[64];
    STATUS_BLOCK block;
    LARGE_INTEGER from = {.QuadPart = first};
    return NtReadFile(file, NULL, NULL, NULL, &block, bytes, length, &from, key);
}

static inline NTSTATUS read(HANDLE file, LONGLONG first, ULONG length)
{
    return read_with(file, first, length, NULL);
}

static inline NTSTATUS write_with(HANDLE file, LONGLONG first, ULONG length, ULONG *key)
{
    static const char bytes[64] = "written";
    STATUS_BLOCK block;
    LARGE_INTEGER from = {.QuadPart = first};
    return NtWriteFile(file, NULL, NULL, NULL, &block, bytes, length, &from, key);
}

static inline NTSTATUS write(HANDLE file, LONGLONG first, ULONG length)
{
    return write_with(file, first, length, NULL);
}

static inline HANDLE open_shared(const char *name, DWORD access, DWORD creation)
{
    HANDLE file = CreateFileA(name, access, 7, NULL, creation, FILE_ATTRIBUTE_NORMAL, NULL);
    EXPECT(file != INVALID_HANDLE_VALUE);
    return file;
}

// A file of 64 bytes, open for everything.
static inline HANDLE make_file(const char *name)
{
    HANDLE file = open_shared(name, GENERIC_READ | GENERIC_WRITE, CREATE_ALWAYS);
    EXPECT_EQUAL(write(file, 0, 64), SUCCESS);
    return file;
}

#endif
