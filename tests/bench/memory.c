// The rows that `make bench` measures in ring 3. Under `--icount` one tick of the time-stamp counter is one guest
// instruction; each row is the median of its samples, less what reading the counter costs. The time-stamp counter is read right before and
// right after what is measured.
//
//   null_system_call        a service number past the table, through [7FFE0300]: mov, mov, call, and all behind it
//   demand_zero_fault       the first store to a page; its page table is there and a zeroed frame is ready
//   reserve_commit_release  NtAllocateVirtualMemory of 64 KB (reserve and commit, the kernel picks), then
//                           NtFreeVirtualMemory (release)
#include "../guest/test.h"

#define SAMPLES 101

static ULONG samples[SAMPLES];

static inline ULONG ticks(void)
{
    ULONG low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return low;
}

static ULONG median(void)
{
    for (int i = 1; i < SAMPLES; i++)
        for (int j = i; j > 0 && samples[j - 1] > samples[j]; j--) {
            ULONG swap = samples[j];
            samples[j] = samples[j - 1];
            samples[j - 1] = swap;
        }
    return samples[SAMPLES / 2];
}

static ULONG empty;

static void report(const char *name)
{
    char digits[12];
    int at = sizeof digits;
    ULONG value = median() - empty;
    digits[--at] = '\n';
    do
        digits[--at] = '0' + value % 10;
    while ((value /= 10) != 0);
    put_bytes(STD_OUTPUT_HANDLE, "bench name=", 11);
    put_bytes(STD_OUTPUT_HANDLE, name, length_of(name));
    put_bytes(STD_OUTPUT_HANDLE, " instructions=", 14);
    put_bytes(STD_OUTPUT_HANDLE, digits + at, sizeof digits - at);
}

static void measure_nothing(void)
{
    for (int i = 0; i < SAMPLES; i++) {
        ULONG start = ticks();
        samples[i] = ticks() - start;
    }
    empty = median();
}

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

static void measure_demand_zero_fault(void)
{
    volatile char *memory = VirtualAlloc(NULL, (SAMPLES + 1) * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (memory == NULL) {
        failures++;
        return;
    }
    memory[SAMPLES * PAGE] = 1;
    for (int i = 0; i < SAMPLES; i++) {
        volatile char *page = memory + i * PAGE;
        ULONG start = ticks();
        *page = 1;
        samples[i] = ticks() - start - 1;
    }
    report("demand_zero_fault");
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

static void test(void)
{
    // The zero-page thread works while nobody else does.
    Sleep(300);
    measure_nothing();
    measure_null_system_call();
    measure_demand_zero_fault();
    measure_reserve_commit_release();
}
