// A second process of the same program, for rows with two: `OTHER` names what it does, with the words behind `other`.
#pragma once
#include "bench.h"

// Named events, and memory for both.
#define GO "bench go"
#define DONE "bench done"

static HANDLE event_called(const char *name)
{
    return must(CreateEventA(NULL, FALSE, FALSE, name));
}

static PROCESS_INFORMATION start_other(const char *what)
{
    char path[MAX_PATH], line[MAX_PATH + 40];
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION child;
    GetModuleFileNameA(NULL, path, sizeof path);
    lstrcpyA(line, "bench other ");
    lstrcatA(line, what);
    if (!CreateProcessA(path, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child)) {
        put("bench: no second process\n");
        ExitProcess(1);
    }
    return child;
}

static void end_other(PROCESS_INFORMATION child)
{
    TerminateProcess(child.hProcess, 0);
    if (WaitForSingleObject(child.hProcess, INFINITE) != WAIT_OBJECT_0)
        failures++;
    CloseHandle(child.hThread);
    CloseHandle(child.hProcess);
}
