// Starting programs, for the tests of processes.
#ifndef PROCESS_H
#define PROCESS_H

#include "test.h"

static STARTUPINFOA startup = {.cb = sizeof startup};

// Waits for the end of a process, gives its handles up, and tells how it ended.
static inline DWORD finish(PROCESS_INFORMATION *child)
{
    DWORD status = 0;
    EXPECT_EQUAL(WaitForSingleObject(child->hProcess, 20000), WAIT_OBJECT_0);
    EXPECT_EQUAL(WaitForSingleObject(child->hThread, 0), WAIT_OBJECT_0);
    EXPECT(GetExitCodeProcess(child->hProcess, &status));
    EXPECT(CloseHandle(child->hThread) && CloseHandle(child->hProcess));
    return status;
}

// Starts a program and waits for its end. -1 where it does not start: the last error says why.
static inline DWORD run_with(const char *application, const char *line, BOOL inherit, DWORD flags, PVOID environment, const char *directory)
{
    char copy[600];
    PROCESS_INFORMATION child;
    lstrcpyA(copy, line == NULL ? "" : line);
    if (!CreateProcessA(application, line == NULL ? NULL : copy, NULL, NULL, inherit, flags, environment, directory, &startup, &child))
        return (DWORD)-1;
    EXPECT(child.dwProcessId != 0 && child.dwThreadId != 0 && child.dwProcessId != child.dwThreadId);
    EXPECT_EQUAL(GetProcessId(child.hProcess), child.dwProcessId);
    return finish(&child);
}

static inline DWORD run(const char *line)
{
    return run_with(NULL, line, FALSE, 0, NULL, NULL);
}

// The decimal number in the arguments of a command line, 0 without one.
static inline DWORD number_in(const char *line)
{
    DWORD number = 0;
    while (*line != 0 && *line != ' ')
        line++;
    for (; *line != 0; line++)
        if (*line >= '0' && *line <= '9')
            number = number * 10 + (DWORD)(*line - '0');
    return number;
}

#endif
