// Allocations of 64 KB that come and go: reserved and committed in one call, perhaps stored to, released. The rows are defined in
// docs/performance.md.
#include "bench.h"

#define TABLE (2u << 20)
#define BOTH (MEM_RESERVE | MEM_COMMIT)

// An address with 2 MB around it where nothing is, and a page table is not either.
static PVOID lonely_address(void)
{
    char *range = must_have(VirtualAlloc(NULL, 3 * TABLE, MEM_RESERVE, PAGE_NOACCESS));
    VirtualFree(range, 0, MEM_RELEASE);
    return (PVOID)(((ULONG_PTR)range + TABLE - 1) & ~(ULONG_PTR)(TABLE - 1));
}

// A sample for each time that 64 KB are allocated at `at`, `touched` pages of it stored to, and released.
static inline void sample_cycles(PVOID at, ULONG touched)
{
    for (ULONG i = 0; i < repetitions; i++) {
        PVOID base = at;
        SIZE_T size = GRANULARITY;
        ULONG start = ticks();
        NTSTATUS status = NtAllocateVirtualMemory(OWN_PROCESS, &base, 0, &size, BOTH, PAGE_READWRITE);
        for (ULONG page = 0; page < touched; page++)
            ((volatile char *)base)[page * PAGE] = 1;
        size = 0;
        status |= NtFreeVirtualMemory(OWN_PROCESS, &base, &size, MEM_RELEASE);
        samples[i] = ticks() - start;
        if (status != SUCCESS || (at != NULL && base != at))
            failures++;
    }
    report();
}

static void measure_untouched(void)
{
    sample_cycles(NULL, 0);
}

static void measure_untouched_alone(void)
{
    sample_cycles(lonely_address(), 0);
}

static void measure_touch_1(void)
{
    sample_cycles(NULL, 1);
}

static void measure_touch_1_alone(void)
{
    sample_cycles(lonely_address(), 1);
}

static void measure_touch_16_alone(void)
{
    sample_cycles(lonely_address(), 16);
}

static void measure_win32(void)
{
    for (ULONG i = 0; i < repetitions; i++) {
        ULONG start = ticks();
        volatile char *memory = VirtualAlloc(NULL, GRANULARITY, BOTH, PAGE_READWRITE);
        if (memory == NULL)
            ExitProcess(1);
        *memory = 1;
        BOOL sound = VirtualFree((void *)memory, 0, MEM_RELEASE);
        samples[i] = ticks() - start;
        if (!sound)
            failures++;
    }
    report();
}

static const ROW rows[] = {
    {"reserve_commit_release", measure_untouched},
    {"reserve_commit_release_alone", measure_untouched_alone},
    {"touch_1_release", measure_touch_1},
    {"touch_1_release_alone", measure_touch_1_alone},
    {"touch_16_release_alone", measure_touch_16_alone},
    {"allocate_touch_free", measure_win32},
    {NULL, NULL},
};
