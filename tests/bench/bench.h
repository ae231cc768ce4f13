// What the programs of `make bench` share: samples, their median, and the line in which a row is reported. Under `--icount` one tick of
// the time-stamp counter is one guest instruction. It is read right before and right after what is measured.
#pragma once
#include "../guest/test.h"

#define SAMPLES 101

static ULONG samples[SAMPLES];
// What reading the counter twice costs, once it has been measured.
static ULONG empty;

static inline ULONG ticks(void)
{
    ULONG low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return low;
}

static ULONG median(ULONG count)
{
    for (ULONG i = 1; i < count; i++)
        for (ULONG j = i; j > 0 && samples[j - 1] > samples[j]; j--) {
            ULONG swap = samples[j];
            samples[j] = samples[j - 1];
            samples[j - 1] = swap;
        }
    return samples[count / 2];
}

// Reports the median of the first `count` samples, each of which holds `units` of what the row counts.
static void report_some(const char *name, ULONG count, ULONG units)
{
    put("bench name=");
    put(name);
    put(" instructions=");
    put_decimal((median(count) - empty) / units);
    put("\n");
}

static inline void report(const char *name)
{
    report_some(name, SAMPLES, 1);
}

static inline void measure_nothing(void)
{
    for (int i = 0; i < SAMPLES; i++) {
        ULONG start = ticks();
        samples[i] = ticks() - start;
    }
    empty = median(SAMPLES);
}
