// The row of `make bench` for processes: a program that imports kernel32 and ends at once is started, waited for and given up,
// from CreateProcess to the last CloseHandle. The first times, which bring the images into memory, do not count.
#include "../guest/test.h"

#define SAMPLES 21

static ULONGLONG ticks(void)
{
    ULONG low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (ULONGLONG)high << 32 | low;
}

static ULONG sample(void)
{
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION child;
    ULONGLONG start = ticks();
    BOOL sound = CreateProcessA("C:\\nothing.exe", NULL, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child);
    sound = sound && WaitForSingleObject(child.hProcess, INFINITE) == WAIT_OBJECT_0;
    sound = sound && CloseHandle(child.hThread) && CloseHandle(child.hProcess);
    if (!sound)
        failures++;
    return (ULONG)(ticks() - start);
}

static void test(void)
{
    ULONG samples[SAMPLES];
    for (int i = 0; i < 3; i++)
        sample();
    // The zero-page thread works while nobody else does.
    Sleep(300);
    for (int i = 0; i < SAMPLES; i++) {
        ULONG value = sample();
        int j = i;
        for (; j > 0 && samples[j - 1] > value; j--)
            samples[j] = samples[j - 1];
        samples[j] = value;
    }
    put("bench name=create_process instructions=");
    put_decimal(samples[SAMPLES / 2]);
    put("\n");
}
