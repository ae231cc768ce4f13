// Demand-zero faults where no page is zeroed beforehand. The rows are defined in docs/performance.md.
// cc: -lpsapi
#define PSAPI_VERSION 1
#include "bench.h"
#include <psapi.h>

#define COMMITTED (MEM_RESERVE | MEM_COMMIT)
#define CHUNK (16u << 20)
#define CHUNKS 4096
// Pages: more than are Zeroed when all has been taken and given back.
#define LEFT 2000

static PVOID chunks[CHUNKS];
static ULONG used;

// Stores to all that can be committed, as a sample each, of which the last ones stay.
static void take_all(void)
{
    ULONG touched = 0;
    used = 0;
    for (ULONG size = CHUNK; size >= PAGE; size /= 2) {
        volatile char *memory;
        while (used < CHUNKS && (memory = VirtualAlloc(NULL, size, COMMITTED, PAGE_READWRITE)) != NULL) {
            chunks[used++] = (PVOID)memory;
            for (ULONG at = 0; at < size; at += PAGE) {
                ULONG start = ticks();
                memory[at] = 1;
                samples[touched++ % repetitions] = ticks() - start - 1;
            }
        }
    }
}

static void give_back(void)
{
    while (used > 0)
        if (!VirtualFree(chunks[--used], 0, MEM_RELEASE))
            failures++;
}

// All of RAM is dirtied and freed, and nobody idles: what is not in use is Free. What is Zeroed nevertheless, such as the page tables that
// came to nothing and what the commit limit left, is taken before anything that is Free: so a few more pages are taken first.
static void measure_dry(void)
{
    take_all();
    give_back();
    volatile char *memory = must_have(VirtualAlloc(NULL, (repetitions + LEFT) * PAGE, COMMITTED, PAGE_READWRITE));
    for (ULONG page = repetitions; page < repetitions + LEFT; page++)
        memory[page * PAGE] = 1;
    sample_stores(memory);
    report();
    VirtualFree((void *)memory, 0, MEM_RELEASE);
}

// The pages of a file are on Standby, and are more than the commit limit leaves: so the last pages that are taken are those, when no
// other is Zeroed or Free.
static void measure_repurposed(void)
{
    HANDLE file = must(CreateFileA("C:\\paging.dat", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL));
    HANDLE section = must(CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 0, NULL));
    volatile char *view = must_have(MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0));
    for (DWORD at = 0, size = GetFileSize(file, NULL); at < size; at += PAGE)
        (void)view[at];
    EmptyWorkingSet(OWN_PROCESS);
    take_all();
    report();
    give_back();
    UnmapViewOfFile((void *)view);
    CloseHandle(section);
    CloseHandle(file);
}

static const ROW rows[] = {
    {"demand_zero_repurposed", measure_repurposed},
    {"demand_zero_dry", measure_dry},
    {NULL, NULL},
};
