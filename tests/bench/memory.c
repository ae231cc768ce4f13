// The rows of `make bench` for memory; each is the median of its samples, less what reading the counter costs.
//
//   null_system_call        a service number past the table, through [7FFE0300]: mov, mov, call, and all behind it
//   demand_zero_fault       the first store to a page; its page table is there and a zeroed frame is ready
//   reserve_commit_release  NtAllocateVirtualMemory of 64 KB (reserve and commit, the kernel picks), then
//                           NtFreeVirtualMemory (release)
//   allocate_touch_free     VirtualAlloc of 64 KB (reserve and commit, the kernel picks), a store to one of its pages,
//                           VirtualFree
//   watched_first_write     the first store to a page that is watched
//   watched_difference      what that costs more than the second row
//   watched_after_reset     a store to a watched page that is there and counts as not written
#include "bench.h"

static void measure_null_system_call(void)
{
    for (int i = 0; i < SAMPLES; i++) {
        ULONG start = ticks(), status = 0xFFF;
        __asm__ volatile("mov $0x7ffe0300, %%edx\n\tcall *(%%edx)" : "+a"(status) : : "ecx", "edx", "memory", "cc");
        samples[i] = ticks() - start;
        if (status != (ULONG)NO_SERVICE)
            failures++;
    }
    report("null_system_call");
}

// Samples of a store to each page of `memory` but the last; their median.
static ULONG measure_stores(volatile char *memory, const char *name)
{
    for (int i = 0; i < SAMPLES; i++) {
        volatile char *page = memory + i * PAGE;
        ULONG start = ticks();
        *page = 1;
        samples[i] = ticks() - start - 1;
    }
    report(name);
    return median(SAMPLES);
}

// Memory for that, allocated in this way too; it has a page table.
static volatile char *memory_for_stores(ULONG kind)
{
    volatile char *memory = VirtualAlloc(NULL, (SAMPLES + 1) * PAGE, MEM_RESERVE | MEM_COMMIT | kind, PAGE_READWRITE);
    if (memory == NULL)
        ExitProcess(1);
    memory[SAMPLES * PAGE] = 1;
    return memory;
}

static ULONG plain;

static void measure_stores_to_plain_memory(void)
{
    volatile char *memory = memory_for_stores(0);
    plain = measure_stores(memory, "demand_zero_fault");
    VirtualFree((void *)memory, 0, MEM_RELEASE);
}

static void measure_stores_to_watched_memory(void)
{
    volatile char *memory = memory_for_stores(MEM_WRITE_WATCH);
    ULONG first = measure_stores(memory, "watched_first_write");
    samples[0] = empty + (first > plain ? first - plain : 0);
    report_some("watched_difference", 1, 1);
    if (ResetWriteWatch((void *)memory, SAMPLES * PAGE) != 0)
        failures++;
    measure_stores(memory, "watched_after_reset");
    VirtualFree((void *)memory, 0, MEM_RELEASE);
}

static void measure_reserve_commit_release(void)
{
    for (int i = 0; i < SAMPLES; i++) {
        PVOID base = NULL;
        SIZE_T size = GRANULARITY;
        ULONG start = ticks();
        NTSTATUS status = NtAllocateVirtualMemory(OWN_PROCESS, &base, 0, &size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        size = 0;
        status |= NtFreeVirtualMemory(OWN_PROCESS, &base, &size, MEM_RELEASE);
        samples[i] = ticks() - start;
        if (status != SUCCESS)
            failures++;
    }
    report("reserve_commit_release");
}

static void measure_allocate_touch_free(void)
{
    for (int i = 0; i < SAMPLES; i++) {
        ULONG start = ticks();
        volatile char *memory = VirtualAlloc(NULL, GRANULARITY, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        if (memory == NULL)
            ExitProcess(1);
        *memory = 1;
        BOOL sound = VirtualFree((void *)memory, 0, MEM_RELEASE);
        samples[i] = ticks() - start;
        if (!sound)
            failures++;
    }
    report("allocate_touch_free");
}

static void test(void)
{
    // The zero-page thread works while nobody else does.
    Sleep(300);
    measure_nothing();
    measure_null_system_call();
    measure_stores_to_plain_memory();
    measure_reserve_commit_release();
    measure_allocate_touch_free();
    measure_stores_to_watched_memory();
}
