// How processes end, and what is left of them: suspended, terminated, crashed, refused by the loader.
// expect: exit 0
#include "process.h"

static PROCESS_INFORMATION start(const char *line, DWORD flags)
{
    char copy[100];
    PROCESS_INFORMATION child = {0};
    lstrcpyA(copy, line);
    EXPECT(CreateProcessA(NULL, copy, NULL, NULL, FALSE, flags, NULL, NULL, &startup, &child));
    return child;
}

static void suspended(void)
{
    PROCESS_INFORMATION child = start("child exit 3", CREATE_SUSPENDED);
    DWORD status = 0;
    EXPECT_EQUAL(WaitForSingleObject(child.hProcess, 50), WAIT_TIMEOUT);
    EXPECT(GetExitCodeProcess(child.hProcess, &status) && status == STILL_ACTIVE);
    EXPECT_EQUAL(ResumeThread(child.hThread), 1);
    EXPECT_EQUAL(finish(&child), 3);
}

static void terminated(void)
{
    PROCESS_INFORMATION child = start("child sleep", 0);
    Sleep(50);
    EXPECT(TerminateProcess(child.hProcess, 0x1234));
    EXPECT_EQUAL(WaitForSingleObject(child.hProcess, 20000), WAIT_OBJECT_0);
    EXPECT_ERROR(TerminateProcess(child.hProcess, 1), ERROR_ACCESS_DENIED);
    EXPECT_EQUAL(finish(&child), 0x1234);
    child = start("child exit 1", CREATE_SUSPENDED); // one that never ran
    EXPECT(TerminateProcess(child.hProcess, 9));
    EXPECT_EQUAL(finish(&child), 9);
}

static void remembered(void)
{
    PROCESS_INFORMATION child = start("child exit 12", 0);
    HANDLE other = OpenProcess(PROCESS_QUERY_INFORMATION | SYNCHRONIZE, FALSE, child.dwProcessId);
    DWORD number = child.dwProcessId, status = 0;
    ULONGLONG created, ended, kernel, user;
    EXPECT_EQUAL(finish(&child), 12);
    EXPECT(other != NULL && WaitForSingleObject(other, 0) == WAIT_OBJECT_0 && GetExitCodeProcess(other, &status) && status == 12);
    EXPECT(GetProcessTimes(other, (FILETIME *)&created, (FILETIME *)&ended, (FILETIME *)&kernel, (FILETIME *)&user));
    EXPECT(created != 0 && ended >= created);
    EXPECT_EQUAL(GetProcessId(other), number);
    EXPECT_ERROR(TerminateProcess(other, 1), ERROR_ACCESS_DENIED); // the handle does not allow it
    EXPECT(CloseHandle(other));
    EXPECT_ERROR(OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, number), ERROR_INVALID_PARAMETER);
}

static void unwatched(void)
{
    PROCESS_INFORMATION child = start("child exit 0", 0);
    HANDLE thread = child.hThread;
    EXPECT(CloseHandle(child.hProcess)); // it runs on without anybody's handle
    EXPECT_EQUAL(WaitForSingleObject(thread, 20000), WAIT_OBJECT_0);
    EXPECT(CloseHandle(thread));
}

static void hostile(void)
{
    static const struct { const char *line; DWORD status; } rows[] = {
        {"child crash", 0xC0000005},
        {"divide_by_zero", 0xC0000094},
        {"stack_overflow", 0xC00000FD},
        {"import_absent_library", 0xC0000135},
        {"import_absent_export", 0xC0000139},
        {"import_absent_ordinal", 0xC0000138},
        {"hostile_imports", 0xC000007B},
        {"hostile_storage", 0xC000007B},
        {"hostile_thunks", 0xC000007B},
        {"program_fixed", 0xC0000018},
    };
    for (DWORD row = 0; row < sizeof rows / sizeof *rows; row++) {
        DWORD status = run(rows[row].line);
        if (status != rows[row].status) {
            put(rows[row].line);
            put(": ");
            EXPECT_EQUAL(status, rows[row].status);
        }
    }
    // An entry point outside of the image is seen when the section is made.
    EXPECT_ERROR(run("hostile_entry") != (DWORD)-1, ERROR_BAD_EXE_FORMAT);
}

static void test(void)
{
    suspended();
    terminated();
    remembered();
    unwatched();
    hostile();
    EXPECT(WinExec("child exit 0", SW_HIDE) > 31);
    EXPECT_EQUAL(WinExec("nosuch", SW_HIDE), ERROR_FILE_NOT_FOUND);
    EXPECT_EQUAL(WinExec("no_image.exe", SW_HIDE), 11);
    Sleep(300); // what WinExec started ends
}
