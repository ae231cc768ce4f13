// Locks between processes: an inherited handle is no owner, another process waits, and the end of one gives up what it locked.
// expect: exit 0
#include "lock.h"
#include "process.h"

#define FILE_NAME "C:\\between.bin"

static HANDLE start_child(DWORD task, HANDLE file)
{
    char line[80] = "C:\\lock_processes.exe ", digits[2] = {(char)('0' + task), 0};
    PROCESS_INFORMATION child;
    // The handle as text, which is short.
    char number[12];
    int at = 11;
    number[at] = 0;
    for (DWORD rest = (DWORD)file; rest != 0 || at == 11; rest /= 10)
        number[--at] = (char)('0' + rest % 10);
    lstrcatA(line, number + at);
    lstrcatA(line, digits);
    EXPECT(CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &child));
    EXPECT(CloseHandle(child.hThread));
    return child.hProcess;
}

static DWORD end_of(HANDLE process)
{
    DWORD status = 0;
    EXPECT_EQUAL(WaitForSingleObject(process, 20000), WAIT_OBJECT_0);
    EXPECT(GetExitCodeProcess(process, &status) && CloseHandle(process));
    return status;
}

static HANDLE ready, go;

static void announce(void)
{
    EXPECT(SetEvent(ready));
}

// The parent has locked 0 to 9 through the handle that this process has inherited, and shares 20 to 29.
static void with_inherited(HANDLE inherited)
{
    EXPECT_EQUAL(read(inherited, 0, 1), LOCK_CONFLICT);
    EXPECT_EQUAL(write(inherited, 9, 1), LOCK_CONFLICT);
    EXPECT_EQUAL(read(inherited, 10, 20), SUCCESS);
    EXPECT_EQUAL(write(inherited, 20, 1), LOCK_CONFLICT);
    EXPECT_EQUAL(unlock(inherited, 0, 10), NOT_LOCKED);
    EXPECT_EQUAL(lock(inherited, 0, 1, SHARED), NOT_GRANTED);
    EXPECT_EQUAL(lock(inherited, 20, 10, SHARED), SUCCESS);
    EXPECT_EQUAL(lock(inherited, 40, 1, EXCLUSIVE), SUCCESS);
    EXPECT(CloseHandle(inherited));
}

static void with_own(DWORD task)
{
    HANDLE own = open_shared(FILE_NAME, GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING);
    EXPECT_EQUAL(read(own, 0, 1), LOCK_CONFLICT);
    EXPECT_EQUAL(lock(own, 50, 10, EXCLUSIVE), SUCCESS);
    announce();
    if (task == 2) {
        // Waits until the parent gives it up, and ends with it.
        EXPECT_EQUAL(lock_with(own, 0, 10, 0, WAITS, EXCLUSIVE), SUCCESS);
        EXPECT_EQUAL(write(own, 0, 10), SUCCESS);
        announce();
        EXPECT_EQUAL(WaitForSingleObject(go, 20000), WAIT_OBJECT_0);
        ExitProcess((DWORD)failures + 40);
    }
    // Waits until it is terminated.
    lock_with(own, 0, 10, 0, WAITS, EXCLUSIVE);
    failures++;
}

static void parent(void)
{
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    HANDLE made = make_file(FILE_NAME), other = open_shared(FILE_NAME, GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING);
    EXPECT(CloseHandle(made));
    HANDLE file = CreateFileA(FILE_NAME, GENERIC_READ | GENERIC_WRITE, 7, &inherited, OPEN_EXISTING, 0, NULL);
    EXPECT_EQUAL(lock(file, 0, 10, EXCLUSIVE), SUCCESS);
    EXPECT_EQUAL(lock(file, 20, 10, SHARED), SUCCESS);
    EXPECT_EQUAL(end_of(start_child(1, file)), 0);
    // What the child locked through the same object went with its handle, and nothing else.
    EXPECT_EQUAL(write(other, 40, 1), SUCCESS);
    EXPECT_EQUAL(read(other, 0, 1), LOCK_CONFLICT);
    EXPECT_EQUAL(unlock(file, 20, 10), SUCCESS);
    EXPECT_EQUAL(write(other, 20, 10), SUCCESS);

    HANDLE child = start_child(2, NULL);
    EXPECT_EQUAL(WaitForSingleObject(ready, 20000), WAIT_OBJECT_0);
    EXPECT_EQUAL(read(other, 59, 1), LOCK_CONFLICT);
    EXPECT_EQUAL(WaitForSingleObject(ready, 50), WAIT_TIMEOUT);
    EXPECT_EQUAL(unlock(file, 0, 10), SUCCESS);
    EXPECT_EQUAL(lock(file, 0, 10, EXCLUSIVE), NOT_GRANTED);
    EXPECT_EQUAL(WaitForSingleObject(ready, 20000), WAIT_OBJECT_0);
    EXPECT_EQUAL(read(file, 0, 1), LOCK_CONFLICT);
    EXPECT(SetEvent(go));
    // It ends with its locks, and this process waits for them.
    EXPECT_EQUAL(lock_with(file, 0, 10, 0, WAITS, EXCLUSIVE), SUCCESS);
    EXPECT_EQUAL(end_of(child), 40);
    EXPECT_EQUAL(write(other, 50, 10), SUCCESS);

    child = start_child(3, NULL);
    EXPECT_EQUAL(WaitForSingleObject(ready, 20000), WAIT_OBJECT_0);
    Sleep(50);
    EXPECT(TerminateProcess(child, 9));
    EXPECT_EQUAL(end_of(child), 9);
    EXPECT_EQUAL(write(other, 50, 10), SUCCESS);
    EXPECT_EQUAL(unlock(file, 0, 10), SUCCESS);
    EXPECT_EQUAL(lock(other, 0, 64, EXCLUSIVE), SUCCESS);
    EXPECT(CloseHandle(file) && CloseHandle(other) && DeleteFileA(FILE_NAME));
}

static void test(void)
{
    DWORD number = number_in(GetCommandLineA());
    ready = CreateEventA(NULL, FALSE, FALSE, "lock_processes ready");
    go = CreateEventA(NULL, FALSE, FALSE, "lock_processes go");
    switch (number % 10) {
    case 0:
        parent();
        break;
    case 1:
        with_inherited((HANDLE)(number / 10));
        break;
    default:
        with_own(number % 10);
    }
    EXPECT(CloseHandle(ready) && CloseHandle(go));
}
