// Programs that are started, waited for and given up, from CreateProcess to the last CloseHandle. The rows are defined in
// docs/performance.md. At a base of its own: a profile then tells this program's code from that of those that it starts.
// cc: -Wl,--image-base,0x1000000
#include "bench.h"

// Such as bring the images into memory, and do not count.
#define WARM 3
#define RUNS 21

static ULONG run(const char *path)
{
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION child;
    ULONG start = ticks();
    BOOL sound = CreateProcessA(path, NULL, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child);
    sound = sound && WaitForSingleObject(child.hProcess, INFINITE) == WAIT_OBJECT_0;
    sound = sound && CloseHandle(child.hThread) && CloseHandle(child.hProcess);
    ULONG took = ticks() - start;
    if (!sound)
        failures++;
    return took;
}

// What is started gets a copy of `output` as its standard output.
static void measure_program(const char *path, HANDLE output)
{
    ULONG asked = repetitions;
    HANDLE own = GetStdHandle(STD_OUTPUT_HANDLE);
    SetStdHandle(STD_OUTPUT_HANDLE, output);
    for (int i = 0; i < WARM; i++)
        run(path);
    settle();
    repetitions = asked == SAMPLES ? RUNS : asked;
    for (ULONG i = 0; i < repetitions; i++)
        samples[i] = run(path);
    SetStdHandle(STD_OUTPUT_HANDLE, own);
    report();
    repetitions = asked;
}

static void measure_nothing_program(void)
{
    measure_program("C:\\nothing.exe", GetStdHandle(STD_OUTPUT_HANDLE));
}

// What it prints goes nowhere: each byte on a serial port is a system call of the emulator's to the host.
static void measure_hello(void)
{
    HANDLE nowhere = must(CreateFileA("NUL", GENERIC_WRITE, FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL));
    measure_program("C:\\hello.exe", nowhere);
    CloseHandle(nowhere);
}

static const ROW rows[] = {
    {"create_process", measure_nothing_program},
    {"create_c_process", measure_hello},
    {NULL, NULL},
};
