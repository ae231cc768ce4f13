// Locks on ranges of a file's bytes: who may read and write, what overlaps, how they are given up, and what is refused.
// expect: exit 0
#include "lock.h"

#define FILE_NAME "ranges.bin"

static HANDLE one, two;

static void exclusive(void)
{
    ULONG key = 5;
    EXPECT_EQUAL(lock(one, 10, 10, EXCLUSIVE), SUCCESS);
    EXPECT_EQUAL(lock_block.information, 0);
    EXPECT_EQUAL(read(one, 0, 64), SUCCESS);
    EXPECT_EQUAL(write(one, 10, 10), SUCCESS);
    // The same process through another handle is another owner, and so is another key.
    EXPECT_EQUAL(read(two, 0, 10), SUCCESS);
    EXPECT_EQUAL(read(two, 0, 11), LOCK_CONFLICT);
    EXPECT_EQUAL(write(two, 19, 1), LOCK_CONFLICT);
    EXPECT_EQUAL(write(two, 20, 10), SUCCESS);
    EXPECT_EQUAL(read(two, 15, 0), SUCCESS);
    EXPECT_EQUAL(read_with(one, 10, 1, &key), LOCK_CONFLICT);
    EXPECT_EQUAL(write_with(one, 10, 1, &key), LOCK_CONFLICT);
    EXPECT_EQUAL(lock(one, 19, 1, EXCLUSIVE), NOT_GRANTED);
    EXPECT_EQUAL(lock(two, 19, 1, SHARED), NOT_GRANTED);
    EXPECT_EQUAL(lock_with(one, 19, 1, key, FAILS, SHARED), NOT_GRANTED);
    EXPECT_EQUAL(unlock(two, 10, 10), NOT_LOCKED);
    EXPECT_EQUAL(unlock_with(one, 10, 10, key), NOT_LOCKED);
    EXPECT_EQUAL(unlock(one, 10, 9), NOT_LOCKED);
    EXPECT_EQUAL(unlock(one, 10, 10), SUCCESS);
    EXPECT_EQUAL(unlock(one, 10, 10), NOT_LOCKED);
    EXPECT_EQUAL(write(two, 10, 10), SUCCESS);
}

static void shared(void)
{
    EXPECT_EQUAL(lock(one, 0, 8, SHARED), SUCCESS);
    EXPECT_EQUAL(lock(two, 4, 8, SHARED), SUCCESS);
    EXPECT_EQUAL(read(one, 0, 12), SUCCESS);
    EXPECT_EQUAL(read(two, 0, 12), SUCCESS);
    // Not even the owner writes.
    EXPECT_EQUAL(write(one, 0, 1), LOCK_CONFLICT);
    EXPECT_EQUAL(write(two, 0, 1), LOCK_CONFLICT);
    EXPECT_EQUAL(lock(one, 0, 1, EXCLUSIVE), NOT_GRANTED);
    EXPECT_EQUAL(unlock(one, 0, 8), SUCCESS);
    EXPECT_EQUAL(write(one, 0, 4), SUCCESS);
    EXPECT_EQUAL(write(one, 4, 1), LOCK_CONFLICT);
    EXPECT_EQUAL(unlock(two, 4, 8), SUCCESS);
    // Two locks on one range go the exclusive one first.
    EXPECT_EQUAL(lock(one, 0, 8, EXCLUSIVE), SUCCESS);
    EXPECT_EQUAL(lock(one, 0, 8, SHARED), SUCCESS);
    EXPECT_EQUAL(write(one, 0, 1), LOCK_CONFLICT);
    EXPECT_EQUAL(unlock(one, 0, 8), SUCCESS);
    EXPECT_EQUAL(lock(two, 0, 8, SHARED), SUCCESS);
    EXPECT_EQUAL(unlock(one, 0, 8), SUCCESS);
    EXPECT_EQUAL(unlock(two, 0, 8), SUCCESS);
}

static void edges(void)
{
    const LONGLONG highest = -1;
    // Bytes that the file does not have, up to the last that has a number.
    EXPECT_EQUAL(lock(one, highest, 1, EXCLUSIVE), SUCCESS);
    EXPECT_EQUAL(lock(two, highest, 1, SHARED), NOT_GRANTED);
    EXPECT_EQUAL(lock(two, 0x100000000, highest - 0x100000000, SHARED), SUCCESS);
    EXPECT_EQUAL(lock(two, 0x100000000, highest - 0x0FFFFFFFF, SHARED), NOT_GRANTED);
    EXPECT_EQUAL(lock(two, 0x100000000, highest - 0x0FFFFFFFE, SHARED), BAD_RANGE);
    EXPECT_EQUAL(lock(one, highest, 2, EXCLUSIVE), BAD_RANGE);
    EXPECT_EQUAL(unlock(one, highest, 2), BAD_RANGE);
    EXPECT_EQUAL(lock(one, 2, highest, EXCLUSIVE), BAD_RANGE);
    EXPECT_EQUAL(unlock(one, highest, 1), SUCCESS);
    EXPECT_EQUAL(unlock(two, 0x100000000, highest - 0x100000000), SUCCESS);
    // Locks come before the end of the file.
    EXPECT_EQUAL(read(two, 1000, 1), END_OF_IT);
    EXPECT_EQUAL(lock(one, 1000, 1, EXCLUSIVE), SUCCESS);
    EXPECT_EQUAL(read(two, 1000, 1), LOCK_CONFLICT);
    EXPECT_EQUAL(read(one, 1000, 1), END_OF_IT);
    EXPECT_EQUAL(unlock(one, 1000, 1), SUCCESS);
    // No bytes are within what surrounds them.
    EXPECT_EQUAL(lock(one, 10, 0, EXCLUSIVE), SUCCESS);
    EXPECT_EQUAL(lock(one, 10, 0, EXCLUSIVE), SUCCESS);
    EXPECT_EQUAL(lock(two, 10, 10, EXCLUSIVE), SUCCESS);
    EXPECT_EQUAL(lock(two, 9, 1, EXCLUSIVE), SUCCESS);
    EXPECT_EQUAL(lock(one, 15, 0, SHARED), NOT_GRANTED);
    EXPECT_EQUAL(unlock(two, 10, 10), SUCCESS);
    EXPECT_EQUAL(unlock(two, 9, 1), SUCCESS);
    EXPECT_EQUAL(lock(two, 9, 2, EXCLUSIVE), NOT_GRANTED);
    EXPECT_EQUAL(read(two, 9, 2), LOCK_CONFLICT);
    EXPECT_EQUAL(read(two, 10, 2), SUCCESS);
    EXPECT_EQUAL(unlock(one, 10, 0), SUCCESS);
    EXPECT_EQUAL(unlock(one, 10, 0), SUCCESS);
    EXPECT_EQUAL(unlock(one, 10, 0), NOT_LOCKED);
    EXPECT_EQUAL(lock(one, 0, highest, EXCLUSIVE), SUCCESS);
    EXPECT_EQUAL(lock(two, 0, 0, EXCLUSIVE), SUCCESS);
    EXPECT_EQUAL(lock(two, 1, 0, EXCLUSIVE), NOT_GRANTED);
    EXPECT_EQUAL(unlock(one, 0, highest), SUCCESS);
    EXPECT_EQUAL(unlock(two, 0, 0), SUCCESS);
}

// What is appended is where the file ends.
static void appended(void)
{
    DWORD done, size = GetFileSize(one, NULL);
    HANDLE appends = open_shared(FILE_NAME, FILE_APPEND_DATA, OPEN_EXISTING);
    EXPECT_EQUAL(lock(appends, 0, 1, SHARED), DENIED);
    EXPECT_EQUAL(unlock(appends, 0, 1), DENIED);
    EXPECT_EQUAL(lock(one, size + 1, 1, EXCLUSIVE), SUCCESS);
    EXPECT_ERROR(WriteFile(appends, "ab", 2, &done, NULL), ERROR_LOCK_VIOLATION);
    EXPECT(WriteFile(appends, "a", 1, &done, NULL));
    EXPECT_ERROR(WriteFile(appends, "b", 1, &done, NULL), ERROR_LOCK_VIOLATION);
    EXPECT_EQUAL(GetFileSize(one, NULL), size + 1);
    EXPECT_EQUAL(unlock(one, size + 1, 1), SUCCESS);
    EXPECT(CloseHandle(appends));
}

// Views do not ask.
static void view(void)
{
    HANDLE section = CreateFileMappingA(two, NULL, PAGE_READWRITE, 0, 0, NULL);
    char *bytes = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    EXPECT(bytes != NULL);
    EXPECT_EQUAL(lock(one, 0, 64, EXCLUSIVE), SUCCESS);
    bytes[3] = '!';
    EXPECT(FlushViewOfFile(bytes, 0));
    EXPECT_EQUAL(read(two, 3, 1), LOCK_CONFLICT);
    EXPECT(UnmapViewOfFile(bytes) && CloseHandle(section));
    EXPECT_EQUAL(unlock(one, 0, 64), SUCCESS);
}

static void refused(void)
{
    LARGE_INTEGER from = {.QuadPart = 0}, count = {.QuadPart = 1};
    STATUS_BLOCK block;
    PVOID kernel = (PVOID)0x80000000;
    HANDLE reader, writer, event = CreateEventA(NULL, TRUE, TRUE, NULL);
    EXPECT_EQUAL(NtLockFile((HANDLE)0x1234, NULL, NULL, NULL, &block, &from, &count, 0, 1, 1), BAD_HANDLE);
    EXPECT_EQUAL(NtLockFile(event, NULL, NULL, NULL, &block, &from, &count, 0, 1, 1), (NTSTATUS)0xC0000024);
    EXPECT_EQUAL(NtLockFile(one, one, NULL, NULL, &block, &from, &count, 0, 1, 1), (NTSTATUS)0xC0000024);
    EXPECT_EQUAL(NtLockFile(one, (HANDLE)0x1234, NULL, NULL, &block, &from, &count, 0, 1, 1), BAD_HANDLE);
    EXPECT_EQUAL(NtLockFile(one, NULL, NULL, NULL, NULL, &from, &count, 0, 1, 1), VIOLATION);
    EXPECT_EQUAL(NtLockFile(one, NULL, NULL, NULL, kernel, &from, &count, 0, 1, 1), VIOLATION);
    EXPECT_EQUAL(NtLockFile(one, NULL, NULL, NULL, &block, NULL, &count, 0, 1, 1), VIOLATION);
    EXPECT_EQUAL(NtLockFile(one, NULL, NULL, NULL, &block, &from, kernel, 0, 1, 1), VIOLATION);
    EXPECT_EQUAL(NtUnlockFile(one, &block, &from, kernel, 0), VIOLATION);
    EXPECT_EQUAL(NtUnlockFile(one, kernel, &from, &count, 0), VIOLATION);
    EXPECT_EQUAL(NtUnlockFile((HANDLE)0x1234, &block, &from, &count, 0), BAD_HANDLE);
    EXPECT_EQUAL(lock(two, 0, 64, EXCLUSIVE), SUCCESS);
    EXPECT_EQUAL(unlock(two, 0, 64), SUCCESS);
    EXPECT_EQUAL(read_with(one, 0, 1, kernel), VIOLATION);

    // The event is set when the lock is there, or is refused.
    EXPECT_EQUAL(NtLockFile(one, event, NULL, NULL, &block, &from, &count, 0, 1, 1), SUCCESS);
    EXPECT_EQUAL(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
    EXPECT_EQUAL(NtLockFile(one, event, NULL, NULL, &block, &from, &count, 0, 1, 1), NOT_GRANTED);
    EXPECT_EQUAL(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
    EXPECT_EQUAL(unlock(one, 0, 1), SUCCESS);

    HANDLE folder = CreateFileA("C:\\", GENERIC_READ, 7, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    EXPECT_EQUAL(lock(folder, 0, 1, SHARED), BAD_PARAMETER);
    EXPECT_EQUAL(unlock(folder, 0, 1), BAD_PARAMETER);
    EXPECT(CreatePipe(&reader, &writer, NULL, 0));
    EXPECT_EQUAL(lock(reader, 0, 1, SHARED), BAD_REQUEST);
    EXPECT_EQUAL(unlock(writer, 0, 1), BAD_REQUEST);
    EXPECT(CloseHandle(folder) && CloseHandle(reader) && CloseHandle(writer) && CloseHandle(event));
}

static void test(void)
{
    one = make_file(FILE_NAME);
    two = open_shared(FILE_NAME, GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING);
    exclusive();
    shared();
    edges();
    appended();
    view();
    refused();

    // The last handle to what was opened takes the locks along.
    HANDLE again;
    EXPECT(DuplicateHandle(OWN_PROCESS, one, OWN_PROCESS, &again, 0, FALSE, DUPLICATE_SAME_ACCESS));
    EXPECT_EQUAL(lock(one, 0, 64, EXCLUSIVE), SUCCESS);
    EXPECT_EQUAL(read(again, 0, 1), SUCCESS);
    EXPECT(CloseHandle(one));
    EXPECT_EQUAL(read(two, 0, 1), LOCK_CONFLICT);
    EXPECT(CloseHandle(again));
    EXPECT_EQUAL(read(two, 0, 1), SUCCESS);
    EXPECT(CloseHandle(two) && DeleteFileA(FILE_NAME));
}
