// Waiting for locks: the oldest gets it first, and at once; an alert, the end of the thread or of the handle end the wait.
// expect: exit 0
#include "lock.h"

NTSTATUS NTAPI NtAlertThread(HANDLE thread);
NTSTATUS NTAPI NtCreateFile(HANDLE *file, ULONG access, PVOID attributes, PVOID status, PVOID size, ULONG file_attributes,
                            ULONG share, ULONG disposition, ULONG options, PVOID extended, ULONG length);

typedef struct {
    USHORT length, maximum;
    const WCHAR *text;
} TEXT_STRING;
typedef struct {
    ULONG length;
    HANDLE root;
    TEXT_STRING *name;
    ULONG flags;
    PVOID security, quality;
} ATTRIBUTES;

typedef struct {
    HANDLE file;
    LONGLONG first, length;
    BOOLEAN excludes;
    NTSTATUS status;
    HANDLE thread;
} WAITER;

static HANDLE one, two;

static DWORD WINAPI body(void *argument)
{
    WAITER *waiter = argument;
    STATUS_BLOCK block = {0x12345678, 7};
    LARGE_INTEGER from = {.QuadPart = waiter->first}, count = {.QuadPart = waiter->length};
    waiter->status = NtLockFile(waiter->file, NULL, NULL, NULL, &block, &from, &count, 0, WAITS, waiter->excludes);
    EXPECT_EQUAL(block.status, waiter->status);
    return 7;
}

static void start(WAITER *waiter, HANDLE file, LONGLONG first, LONGLONG length, BOOLEAN excludes)
{
    *waiter = (WAITER){file, first, length, excludes, 0x12345678, NULL};
    waiter->thread = CreateThread(NULL, 0, body, waiter, 0, NULL);
    EXPECT(waiter->thread != NULL);
    // It waits: for as long as nobody does anything.
    EXPECT_EQUAL(WaitForSingleObject(waiter->thread, 30), WAIT_TIMEOUT);
}

static NTSTATUS end(WAITER *waiter)
{
    EXPECT_EQUAL(WaitForSingleObject(waiter->thread, 5000), WAIT_OBJECT_0);
    EXPECT(CloseHandle(waiter->thread));
    return waiter->status;
}

static void granted(void)
{
    WAITER waiters[3];
    EXPECT_EQUAL(lock(one, 0, 10, EXCLUSIVE), SUCCESS);
    start(&waiters[0], two, 0, 2, EXCLUSIVE);
    start(&waiters[1], two, 1, 2, EXCLUSIVE);
    start(&waiters[2], two, 8, 2, SHARED);
    EXPECT_EQUAL(unlock(one, 0, 10), SUCCESS);
    // They have them already, although they have not run yet.
    EXPECT_EQUAL(lock(one, 1, 1, EXCLUSIVE), NOT_GRANTED);
    EXPECT_EQUAL(lock(one, 2, 1, SHARED), SUCCESS);
    EXPECT_EQUAL(end(&waiters[0]), SUCCESS);
    EXPECT_EQUAL(end(&waiters[2]), SUCCESS);
    EXPECT_EQUAL(WaitForSingleObject(waiters[1].thread, 30), WAIT_TIMEOUT);
    EXPECT_EQUAL(unlock(two, 0, 2), SUCCESS);
    EXPECT_EQUAL(WaitForSingleObject(waiters[1].thread, 30), WAIT_TIMEOUT);
    // Who waits is in nobody's way.
    EXPECT_EQUAL(lock(one, 0, 2, EXCLUSIVE), SUCCESS);
    EXPECT_EQUAL(unlock(one, 2, 1), SUCCESS);
    EXPECT_EQUAL(WaitForSingleObject(waiters[1].thread, 30), WAIT_TIMEOUT);
    EXPECT_EQUAL(unlock(one, 0, 2), SUCCESS);
    EXPECT_EQUAL(end(&waiters[1]), SUCCESS);
    EXPECT_EQUAL(unlock(two, 1, 2), SUCCESS);
    EXPECT_EQUAL(unlock(two, 8, 2), SUCCESS);
    // Who finds it free does not wait.
    EXPECT_EQUAL(lock_with(two, 0, 1, 0, WAITS, EXCLUSIVE), SUCCESS);
    EXPECT_EQUAL(unlock(two, 0, 1), SUCCESS);
}

static void ended(void)
{
    WAITER waiter;
    DWORD code;
    EXPECT_EQUAL(lock(one, 0, 10, EXCLUSIVE), SUCCESS);
    start(&waiter, two, 0, 1, EXCLUSIVE);
    // A handle that was not opened for alerts does not hear of them.
    EXPECT_EQUAL(NtAlertThread(waiter.thread), SUCCESS);
    EXPECT_EQUAL(WaitForSingleObject(waiter.thread, 30), WAIT_TIMEOUT);
    // A suspended thread gets its lock, and runs later.
    EXPECT_EQUAL(SuspendThread(waiter.thread), 0);
    EXPECT_EQUAL(unlock(one, 0, 10), SUCCESS);
    EXPECT_EQUAL(lock(one, 0, 10, EXCLUSIVE), NOT_GRANTED);
    EXPECT_EQUAL(WaitForSingleObject(waiter.thread, 30), WAIT_TIMEOUT);
    EXPECT_EQUAL(ResumeThread(waiter.thread), 1);
    EXPECT_EQUAL(end(&waiter), SUCCESS);
    EXPECT_EQUAL(unlock(two, 0, 1), SUCCESS);

    EXPECT_EQUAL(lock(one, 0, 10, EXCLUSIVE), SUCCESS);
    start(&waiter, two, 0, 1, EXCLUSIVE);
    EXPECT(TerminateThread(waiter.thread, 9));
    EXPECT_EQUAL(WaitForSingleObject(waiter.thread, 5000), WAIT_OBJECT_0);
    EXPECT(GetExitCodeThread(waiter.thread, &code) && code == 9);
    EXPECT_EQUAL(end(&waiter), 0x12345678);

    // The last handle that the process has to it goes: nothing will be locked any more.
    HANDLE third = open_shared("waits.bin", GENERIC_READ, OPEN_EXISTING);
    start(&waiter, third, 0, 1, SHARED);
    EXPECT(CloseHandle(third));
    EXPECT_EQUAL(end(&waiter), NOT_LOCKED);
    EXPECT_EQUAL(unlock(one, 0, 10), SUCCESS);
    EXPECT_EQUAL(lock(two, 0, 10, EXCLUSIVE), SUCCESS);
    // The handle of who is in the way goes.
    start(&waiter, one, 9, 1, EXCLUSIVE);
    EXPECT(CloseHandle(two));
    EXPECT_EQUAL(end(&waiter), SUCCESS);
    EXPECT_EQUAL(unlock(one, 9, 1), SUCCESS);
}

static DWORD called;

static void CALLBACK call(ULONG_PTR argument)
{
    called = (DWORD)argument;
}

static void alerted(void)
{
    static const WCHAR path[] = L"\\??\\C:\\waits.bin";
    TEXT_STRING name = {sizeof path - 2, sizeof path, path};
    ATTRIBUTES attributes = {sizeof attributes, NULL, &name, 0x40, NULL, NULL};
    STATUS_BLOCK block;
    HANDLE file;
    WAITER waiter;
    // FILE_OPEN, FILE_SYNCHRONOUS_IO_ALERT.
    EXPECT_EQUAL(NtCreateFile(&file, 0xC0100000, &attributes, &block, NULL, 0, 7, 1, 0x10, NULL, 0), SUCCESS);
    EXPECT_EQUAL(lock(one, 0, 1, EXCLUSIVE), SUCCESS);
    start(&waiter, file, 0, 1, EXCLUSIVE);
    EXPECT_EQUAL(NtAlertThread(waiter.thread), SUCCESS);
    EXPECT_EQUAL(end(&waiter), CANCELLED);
    start(&waiter, file, 0, 1, SHARED);
    EXPECT(QueueUserAPC(call, waiter.thread, 77));
    EXPECT_EQUAL(end(&waiter), CANCELLED);
    EXPECT_EQUAL(called, 77);
    EXPECT_EQUAL(unlock(one, 0, 1), SUCCESS);
    EXPECT_EQUAL(unlock(file, 0, 1), NOT_LOCKED);
    EXPECT(CloseHandle(file));
}

static void test(void)
{
    one = make_file("C:\\waits.bin");
    two = open_shared("C:\\waits.bin", GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING);
    granted();
    ended();
    alerted();
    // Somebody still waits, and something is locked, when the process ends.
    WAITER waiter;
    two = open_shared("C:\\waits.bin", GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING);
    EXPECT_EQUAL(lock(one, 0, 1, EXCLUSIVE), SUCCESS);
    start(&waiter, two, 0, 1, EXCLUSIVE);
    EXPECT(DeleteFileA("C:\\waits.bin"));
}
