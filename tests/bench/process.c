// The rows of `make bench` for processes: a program is started, waited for and given up, from CreateProcess to the last CloseHandle.
// The first times, which bring the images into memory, do not count.
//
//   create_process    a program that imports kernel32 and ends at once
//   create_c_process  a program built with mingw-w64 that prints a line through the C library
#include "bench.h"

#define RUNS 21

static ULONG run(const char *path)
{
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION child;
    ULONG start = ticks();
    BOOL sound = CreateProcessA(path, NULL, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child);
    sound = sound && WaitForSingleObject(child.hProcess, INFINITE) == WAIT_OBJECT_0;
    sound = sound && CloseHandle(child.hThread) && CloseHandle(child.hProcess);
    if (!sound)
        failures++;
    return ticks() - start;
}

static void measure(const char *name, const char *path)
{
    for (int i = 0; i < 3; i++)
        run(path);
    // The zero-page thread works while nobody else does.
    Sleep(300);
    for (int i = 0; i < RUNS; i++)
        samples[i] = run(path);
    report_some(name, RUNS, 1);
}

static void test(void)
{
    measure("create_process", "C:\\nothing.exe");
    measure("create_c_process", "C:\\hello.exe");
}
