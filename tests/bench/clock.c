// How long a tick of the time-stamp counter is, by the timer's clock, for figures that are time: `bench ticks=N microseconds=M`.
#include "../guest/test.h"

#define MILLISECONDS 100

static ULONG ticks(void)
{
    ULONG low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return low;
}

static void test(void)
{
    // It is the first to run, and a machine that has just started has all of RAM to zero, which is done while nobody else wants to run.
    Sleep(300);
    LARGE_INTEGER frequency, began, now;
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&began);
    ULONG start = ticks(), passed;
    do {
        QueryPerformanceCounter(&now);
        passed = ticks() - start;
    } while (now.QuadPart - began.QuadPart < frequency.QuadPart * MILLISECONDS / 1000);
    put("bench ticks=");
    put_decimal(passed);
    put(" microseconds=");
    put_decimal((ULONG)((now.QuadPart - began.QuadPart) * 1000000 / frequency.QuadPart));
    put("\n");
}
