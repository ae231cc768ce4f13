// The rows of `make bench` for Win32's functions of memory, and for a process with many VADs.
//
//   protect_populated    VirtualProtect of 64 KB, all of it touched, to PAGE_READONLY and back in turns
//   query_populated      VirtualQuery of the same: 16 pages are alike
//   many_vads_fault      what a demand-zero fault in one of 30,000 VADs costs more than in one of 10; never in the VAD that was used last
//   many_vads_allocate   what VirtualAlloc and VirtualFree of 64 KB cost more beside 30,000 VADs than beside 10, where no hole between
//                        those is large enough
#include "bench.h"

#define COMMITTED (MEM_RESERVE | MEM_COMMIT)
#define FEW 10
#define MANY 30000
// No divisor of either: so the VADs are visited in an order that is not that of their addresses.
#define STRIDE 7919

static volatile char *vads[MANY];

static void measure_protect(char *memory)
{
    DWORD expected = PAGE_READWRITE;
    for (int i = 0; i < SAMPLES; i++) {
        DWORD old, protection = expected == PAGE_READWRITE ? PAGE_READONLY : PAGE_READWRITE;
        ULONG start = ticks();
        BOOL sound = VirtualProtect(memory, GRANULARITY, protection, &old);
        samples[i] = ticks() - start;
        if (!sound || old != expected)
            failures++;
        expected = protection;
    }
    report("protect_populated");
}

static void measure_query(char *memory)
{
    for (int i = 0; i < SAMPLES; i++) {
        MEMORY_BASIC_INFORMATION information;
        ULONG start = ticks();
        SIZE_T written = VirtualQuery(memory, &information, sizeof information);
        samples[i] = ticks() - start;
        if (written != sizeof information || information.RegionSize != GRANULARITY || information.State != MEM_COMMIT)
            failures++;
    }
    report("query_populated");
}

static void measure_populated(void)
{
    char *memory = VirtualAlloc(NULL, GRANULARITY, COMMITTED, PAGE_READWRITE);
    for (ULONG offset = 0; offset < GRANULARITY; offset += PAGE)
        memory[offset] = 1;
    measure_query(memory);
    measure_protect(memory);
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
    ULONG end = from + count < SAMPLES ? from + count : SAMPLES;
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

// The median of a fault where there are `count` VADs.
static ULONG fault_among(ULONG count)
{
    for (ULONG taken = 0; taken < SAMPLES;) {
        make_vads(count);
        taken = sample_faults(count, taken);
        free_vads(count);
    }
    return median(SAMPLES);
}

// The median of VirtualAlloc and VirtualFree where there are `count` VADs.
static ULONG allocation_among(ULONG count)
{
    make_vads(count);
    for (int i = 0; i < SAMPLES; i++) {
        ULONG start = ticks();
        void *memory = VirtualAlloc(NULL, GRANULARITY, COMMITTED, PAGE_READWRITE);
        BOOL sound = VirtualFree(memory, 0, MEM_RELEASE);
        samples[i] = ticks() - start;
        if (!sound)
            failures++;
    }
    free_vads(count);
    return median(SAMPLES);
}

static void report_difference(const char *name, ULONG many, ULONG few)
{
    samples[0] = empty + (many > few ? many - few : 0);
    report_some(name, 1, 1);
}

static void test(void)
{
    // The zero-page thread works while nobody else does.
    Sleep(300);
    measure_nothing();
    measure_populated();
    report_difference("many_vads_fault", fault_among(MANY), fault_among(FEW));
    report_difference("many_vads_allocate", allocation_among(MANY), allocation_among(FEW));
}
