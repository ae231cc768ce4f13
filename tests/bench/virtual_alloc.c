// Win32's functions on memory that is there, and a process with many VADs. The rows are defined in docs/performance.md.
#include "bench.h"

#define COMMITTED (MEM_RESERVE | MEM_COMMIT)
#define FEW 10
#define MANY 30000
// No divisor of either: so the VADs are visited in an order that is not that of their addresses.
#define STRIDE 7919

static volatile char *vads[MANY];

static char *populated(void)
{
    char *memory = must_have(VirtualAlloc(NULL, GRANULARITY, COMMITTED, PAGE_READWRITE));
    for (ULONG offset = 0; offset < GRANULARITY; offset += PAGE)
        memory[offset] = 1;
    return memory;
}

static void measure_protect(void)
{
    char *memory = populated();
    DWORD expected = PAGE_READWRITE;
    for (ULONG i = 0; i < repetitions; i++) {
        DWORD old, protection = expected == PAGE_READWRITE ? PAGE_READONLY : PAGE_READWRITE;
        ULONG start = ticks();
        BOOL sound = VirtualProtect(memory, GRANULARITY, protection, &old);
        samples[i] = ticks() - start;
        if (!sound || old != expected)
            failures++;
        expected = protection;
    }
    report();
    VirtualFree(memory, 0, MEM_RELEASE);
}

static void measure_query(void)
{
    char *memory = populated();
    for (ULONG i = 0; i < repetitions; i++) {
        MEMORY_BASIC_INFORMATION information;
        ULONG start = ticks();
        SIZE_T written = VirtualQuery(memory, &information, sizeof information);
        samples[i] = ticks() - start;
        if (written != sizeof information || information.RegionSize != GRANULARITY || information.State != MEM_COMMIT)
            failures++;
    }
    report();
    VirtualFree(memory, 0, MEM_RELEASE);
}

static void make_vads(ULONG count)
{
    for (ULONG i = 0; i < count; i++)
        if ((vads[i] = VirtualAlloc(NULL, 2 * PAGE, COMMITTED, PAGE_READWRITE)) == NULL)
            ExitProcess(1);
}

static void free_vads(ULONG count)
{
    for (ULONG i = 0; i < count; i++)
        VirtualFree((void *)vads[i], 0, MEM_RELEASE);
}

// Samples from `from` on, one for each VAD that is visited; where they end. The second page of a VAD has brought its page table.
static ULONG sample_faults(ULONG count, ULONG from)
{
    ULONG end = from + count < repetitions ? from + count : repetitions;
    for (ULONG i = from; i < end; i++)
        vads[i * STRIDE % count][PAGE] = 1;
    for (ULONG i = from; i < end; i++) {
        volatile char *page = vads[i * STRIDE % count];
        ULONG start = ticks();
        *page = 1;
        samples[i] = ticks() - start;
    }
    return end;
}

// A fault where there are `count` VADs.
static FIGURE fault_among(ULONG count)
{
    for (ULONG taken = 0; taken < repetitions;) {
        make_vads(count);
        taken = sample_faults(count, taken);
        free_vads(count);
    }
    return figure();
}

static void measure_fault(void)
{
    FIGURE many = fault_among(MANY);
    report_difference(many, fault_among(FEW));
}

// VirtualAlloc and VirtualFree where there are `count` VADs.
static FIGURE allocation_among(ULONG count)
{
    make_vads(count);
    for (ULONG i = 0; i < repetitions; i++) {
        ULONG start = ticks();
        void *memory = VirtualAlloc(NULL, GRANULARITY, COMMITTED, PAGE_READWRITE);
        BOOL sound = VirtualFree(memory, 0, MEM_RELEASE);
        samples[i] = ticks() - start;
        if (!sound)
            failures++;
    }
    free_vads(count);
    return figure();
}

static void measure_allocation(void)
{
    FIGURE many = allocation_among(MANY);
    report_difference(many, allocation_among(FEW));
}

static const ROW rows[] = {
    {"protect_populated", measure_protect},
    {"query_populated", measure_query},
    {"many_vads_fault", measure_fault},
    {"many_vads_allocate", measure_allocation},
    {NULL, NULL},
};
