// LockFile, LockFileEx and their opposites: last errors, and what they leave in an OVERLAPPED.
// expect: exit 0
#include "test.h"

#define FILE_NAME "lock_file.bin"

static HANDLE one, two, overlapped_one;

static DWORD WINAPI waiter(void *event)
{
    OVERLAPPED place = {.Offset = 5, .hEvent = event};
    EXPECT(LockFileEx(overlapped_one, LOCKFILE_EXCLUSIVE_LOCK, 0, 1, 0, &place));
    EXPECT_EQUAL(place.Internal, 0);
    EXPECT_EQUAL(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
    EXPECT(UnlockFileEx(overlapped_one, 0, 1, 0, &place));
    return 3;
}

static void test(void)
{
    DWORD done, code;
    char byte;
    one = CreateFileA(FILE_NAME, GENERIC_READ | GENERIC_WRITE, 7, NULL, CREATE_ALWAYS, 0, NULL);
    two = CreateFileA(FILE_NAME, GENERIC_READ | GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL);
    EXPECT(WriteFile(one, "0123456789", 10, &done, NULL));

    EXPECT(LockFile(one, 0, 0, 5, 0));
    EXPECT_ERROR(LockFile(two, 4, 0, 1, 0), ERROR_LOCK_VIOLATION);
    EXPECT_ERROR(LockFile(one, 4, 0, 1, 0), ERROR_LOCK_VIOLATION);
    EXPECT(LockFile(two, 0, 1, 5, 0) && UnlockFile(two, 0, 1, 5, 0));
    EXPECT_ERROR(ReadFile(two, &byte, 1, &done, NULL), ERROR_LOCK_VIOLATION);
    EXPECT_ERROR(WriteFile(two, "x", 1, &done, NULL), ERROR_LOCK_VIOLATION);
    EXPECT_EQUAL(SetFilePointer(two, 5, NULL, FILE_BEGIN), 5);
    EXPECT(ReadFile(two, &byte, 1, &done, NULL) && done == 1 && byte == '5');
    EXPECT_ERROR(UnlockFile(one, 0, 0, 4, 0), ERROR_NOT_LOCKED);
    EXPECT_ERROR(UnlockFile(two, 0, 0, 5, 0), ERROR_NOT_LOCKED);
    EXPECT_ERROR(LockFile(INVALID_HANDLE_VALUE, 0, 0, 1, 0), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(UnlockFile(NULL, 0, 0, 1, 0), ERROR_INVALID_HANDLE);
    EXPECT(UnlockFile(one, 0, 0, 5, 0));

    // Shared, unless it says otherwise.
    OVERLAPPED place = {.Offset = 2, .OffsetHigh = 1, .Internal = 77}, same = {.Offset = 2, .OffsetHigh = 1};
    EXPECT(LockFileEx(one, LOCKFILE_FAIL_IMMEDIATELY, 0, 3, 0, &place));
    EXPECT_EQUAL(place.Internal, 0);
    EXPECT(LockFileEx(two, LOCKFILE_FAIL_IMMEDIATELY, 0, 3, 0, &same));
    EXPECT_ERROR(LockFileEx(two, LOCKFILE_FAIL_IMMEDIATELY | LOCKFILE_EXCLUSIVE_LOCK, 0, 3, 0, &same), ERROR_LOCK_VIOLATION);
    EXPECT_EQUAL(same.Internal, 0xC0000055);
    EXPECT_ERROR(LockFileEx(two, 0, 1, 3, 0, &same), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(UnlockFileEx(two, 1, 3, 0, &same), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(UnlockFileEx(two, 0, 4, 0, &same), ERROR_NOT_LOCKED);
    EXPECT_EQUAL(same.Internal, 0xC000007E);
    EXPECT(UnlockFileEx(one, 0, 3, 0, &place) && UnlockFileEx(two, 0, 3, 0, &same));

    // Who waits, waits in the call; the event tells of it, too.
    HANDLE event = CreateEventA(NULL, TRUE, TRUE, NULL);
    overlapped_one = CreateFileA(FILE_NAME, GENERIC_READ, 7, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    EXPECT(LockFile(one, 0, 0, 10, 0));
    HANDLE thread = CreateThread(NULL, 0, waiter, event, 0, NULL);
    EXPECT_EQUAL(WaitForSingleObject(thread, 50), WAIT_TIMEOUT);
    EXPECT_EQUAL(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    EXPECT(UnlockFile(one, 0, 0, 10, 0));
    EXPECT_EQUAL(WaitForSingleObject(thread, 5000), WAIT_OBJECT_0);
    EXPECT(GetExitCodeThread(thread, &code) && code == 3);
    EXPECT(CloseHandle(thread) && CloseHandle(event) && CloseHandle(overlapped_one));
    EXPECT(CloseHandle(one) && CloseHandle(two) && DeleteFileA(FILE_NAME));
}
