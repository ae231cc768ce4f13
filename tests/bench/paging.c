// The rows of `make bench` for pages that leave and come back.
//
//   trim_page               EmptyWorkingSet, for each page that went: pages of a file's view, all of which were stored to
//   soft_fault_modified     the first load from such a page while its frame is on the Modified list
//   soft_fault_standby      the same when it has been written and its frame is on Standby
//   demand_zero_free        the first store to a page whose frame comes from the Free list and is zeroed on the spot
//   demand_zero_repurposed  the same where no frame is Zeroed or Free: the oldest standby page's is taken
// cc: -lpsapi
#define PSAPI_VERSION 1
#include "bench.h"
#include <psapi.h>

#define FILE_PAGES 512
#define CHUNK (16u << 20)
// Zeroed pages that are not taken at a stroke: page tables need some.
#define LEFT 2000

static SIZE_T working_set(void)
{
    PROCESS_MEMORY_COUNTERS counters = {.cb = sizeof counters};
    if (!GetProcessMemoryInfo((HANDLE)-1, &counters, sizeof counters))
        failures++;
    return counters.WorkingSetSize / PAGE;
}

static char *map_file(HANDLE *section)
{
    HANDLE file = CreateFileA("C:\\paging.dat", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    *section = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    return *section == NULL ? NULL : MapViewOfFile(*section, FILE_MAP_WRITE, 0, 0, 0);
}

static void measure_loads(const char *name, volatile char *memory)
{
    for (int i = 0; i < SAMPLES; i++) {
        ULONG start = ticks();
        (void)memory[i * PAGE];
        samples[i] = ticks() - start - 1;
    }
    report(name);
}

static void measure_view(void)
{
    HANDLE section;
    volatile char *memory = map_file(&section);
    if (memory == NULL) {
        failures++;
        return;
    }
    for (int i = 0; i < FILE_PAGES; i++)
        memory[i * PAGE] = 1;
    SIZE_T before = working_set();
    ULONG start = ticks();
    EmptyWorkingSet((HANDLE)-1);
    samples[0] = ticks() - start;
    report_some("trim_page", 1, before - working_set());
    measure_loads("soft_fault_modified", memory);
    if (!FlushViewOfFile((void *)memory, 0))
        failures++;
    EmptyWorkingSet((HANDLE)-1);
    measure_loads("soft_fault_standby", memory);
    UnmapViewOfFile((void *)memory);
    CloseHandle(section);
}

static void measure_free(void)
{
    // Nearly all that is Zeroed is taken and given back: it is Free then, and nobody idles meanwhile.
    MEMORYSTATUS status;
    GlobalMemoryStatus(&status);
    SIZE_T least = status.dwAvailPhys < status.dwAvailPageFile ? status.dwAvailPhys : status.dwAvailPageFile;
    SIZE_T size = least - LEFT * PAGE;
    volatile char *rest = VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    for (SIZE_T at = 0; rest != NULL && at < size; at += PAGE)
        rest[at] = 1;
    if (rest == NULL || !VirtualFree((void *)rest, 0, MEM_RELEASE))
        failures++;
    // And the rest of it, which is what was left and what there is beyond the commit limit.
    volatile char *memory = VirtualAlloc(NULL, (SAMPLES + 2 * LEFT) * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    for (int i = SAMPLES; i < SAMPLES + 2 * LEFT; i++)
        memory[i * PAGE] = 1;
    for (int i = 0; i < SAMPLES; i++) {
        ULONG start = ticks();
        memory[i * PAGE] = 1;
        samples[i] = ticks() - start - 1;
    }
    report("demand_zero_free");
    VirtualFree((void *)memory, 0, MEM_RELEASE);
}

// Stores to all that can be committed: the last frames are those of standby pages.
static void measure_repurposed(void)
{
    ULONG touched = 0;
    for (ULONG size = CHUNK; size >= PAGE; size /= 2) {
        volatile char *memory;
        while ((memory = VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE)) != NULL)
            for (ULONG at = 0; at < size; at += PAGE) {
                ULONG start = ticks();
                memory[at] = 1;
                samples[touched++ % SAMPLES] = ticks() - start - 1;
            }
    }
    report("demand_zero_repurposed");
}

static void test(void)
{
    Sleep(300);
    measure_nothing();
    measure_view();
    measure_free();
    measure_repurposed();
}
