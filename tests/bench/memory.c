// A system call, and first stores to memory. The rows are defined in docs/performance.md.
#include "bench.h"

static void measure_null_system_call(void)
{
    for (ULONG i = 0; i < repetitions; i++) {
        ULONG start = ticks(), status = 0xFFF;
        __asm__ volatile("mov $0x7ffe0300, %%edx\n\tcall *(%%edx)" : "+a"(status) : : "ecx", "edx", "memory", "cc");
        samples[i] = ticks() - start;
        if (status != (ULONG)NO_SERVICE)
            failures++;
    }
    report();
}

// A page for each sample; the page behind them has been stored to in each 2 MB, so the page tables are there.
static volatile char *fresh_memory(ULONG kind)
{
    ULONG size = (repetitions + 1) * PAGE;
    volatile char *memory = must_have(VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT | kind, PAGE_READWRITE));
    memory[repetitions * PAGE] = 1;
    return memory;
}

static FIGURE first_stores(ULONG kind)
{
    volatile char *memory = fresh_memory(kind);
    sample_stores(memory);
    FIGURE stores = figure();
    VirtualFree((void *)memory, 0, MEM_RELEASE);
    return stores;
}

static void measure_demand_zero_fault(void)
{
    report_figure(first_stores(0), 1);
}

static void measure_watched_first_write(void)
{
    report_figure(first_stores(MEM_WRITE_WATCH), 1);
}

static void measure_watched_difference(void)
{
    FIGURE plain = first_stores(0);
    report_difference(first_stores(MEM_WRITE_WATCH), plain);
}

static void measure_watched_after_reset(void)
{
    volatile char *memory = fresh_memory(MEM_WRITE_WATCH);
    for (ULONG i = 0; i < repetitions; i++)
        memory[i * PAGE] = 1;
    if (ResetWriteWatch((void *)memory, repetitions * PAGE) != 0)
        failures++;
    sample_stores(memory);
    report();
    VirtualFree((void *)memory, 0, MEM_RELEASE);
}

static const ROW rows[] = {
    {"null_system_call", measure_null_system_call},
    {"demand_zero_fault", measure_demand_zero_fault},
    {"watched_first_write", measure_watched_first_write},
    {"watched_difference", measure_watched_difference},
    {"watched_after_reset", measure_watched_after_reset},
    {NULL, NULL},
};
