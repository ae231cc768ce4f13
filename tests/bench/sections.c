// What sections cost. The rows are defined in docs/performance.md.
#define OTHER map_in_turns
static void map_in_turns(const char *words);
#include "other.h"
#include "../guest/section.h"

#define PAGES (repetitions + 1)
// Of a sample of the row with two processes.
#define CYCLES 10
#define NAME "bench section"

// What both processes write their samples into.
typedef struct {
    ULONG taken;
    ULONG samples[2 * MOST];
} SHARED;

static HANDLE section;

static PVOID map(ULONG protection, SIZE_T size)
{
    PVOID base = NULL;
    if (NtMapViewOfSection(section, OWN_PROCESS, &base, 0, 0, NULL, &size, VIEW_SHARE, 0, protection) != SUCCESS)
        failures++;
    return base;
}

static void unmap(volatile char *view)
{
    if (NtUnmapViewOfSection(OWN_PROCESS, (PVOID)view) != SUCCESS)
        failures++;
}

// A section of memory, and a view that holds all its pages.
static volatile char *make_section(void)
{
    LARGE_INTEGER size = {.QuadPart = PAGES * PAGE};
    if (NtCreateSection(&section, SECTION_ALL_ACCESS, NULL, &size, PAGE_READWRITE, SEC_COMMIT, NULL) != SUCCESS)
        ExitProcess(1);
    volatile char *holder = map(PAGE_READWRITE, PAGES * PAGE);
    for (ULONG i = 0; i < PAGES; i++)
        holder[i * PAGE] = 1;
    return holder;
}

static void measure_shared_read_fault(void)
{
    volatile char *holder = make_section(), *view = map(PAGE_READWRITE, PAGES * PAGE);
    // The page table is there.
    (void)view[repetitions * PAGE];
    sample_loads(view);
    report();
    unmap(view);
    unmap(holder);
    NtClose(section);
}

static void measure_copy_on_write_fault(void)
{
    volatile char *holder = make_section(), *view = map(PAGE_WRITECOPY, PAGES * PAGE);
    for (ULONG i = 0; i < PAGES; i++)
        (void)view[i * PAGE];
    sample_stores(view);
    report();
    unmap(view);
    unmap(holder);
    NtClose(section);
}

static void sample_cycles(SHARED *shared)
{
    NTSTATUS status = SUCCESS;
    ULONG start = ticks();
    for (int cycle = 0; cycle < CYCLES; cycle++) {
        PVOID base = NULL;
        SIZE_T size = GRANULARITY;
        status |= NtMapViewOfSection(section, OWN_PROCESS, &base, 0, 0, NULL, &size, VIEW_SHARE, 0, PAGE_READWRITE);
        *(volatile char *)base = 1;
        status |= NtUnmapViewOfSection(OWN_PROCESS, base);
    }
    ULONG took = ticks() - start;
    if (status != SUCCESS)
        failures++;
    if (shared->taken < 2 * MOST)
        shared->samples[shared->taken++] = took;
}

// The section's second part is for the samples: a view of 64 KB is all of the first.
static SHARED *open_shared(void)
{
    section = must(CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 2 * GRANULARITY, NAME));
    return must_have(MapViewOfFile(section, FILE_MAP_WRITE, 0, GRANULARITY, GRANULARITY));
}

// What the second process does, until it is ended.
static void map_in_turns(const char *words)
{
    (void)words;
    SHARED *shared = open_shared();
    HANDLE go = event_called(GO), done = event_called(DONE);
    while (WaitForSingleObject(go, INFINITE) == WAIT_OBJECT_0) {
        sample_cycles(shared);
        SetEvent(done);
    }
}

static void measure_map_touch_unmap(void)
{
    SHARED *shared = open_shared();
    HANDLE go = event_called(GO), done = event_called(DONE);
    // The page is there whoever maps it.
    volatile char *holder = must_have(MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, GRANULARITY));
    *holder = 1;
    PROCESS_INFORMATION child = start_other("");
    for (ULONG i = 0; i < (repetitions + 1) / 2; i++) {
        sample_cycles(shared);
        SetEvent(go);
        if (WaitForSingleObject(done, INFINITE) != WAIT_OBJECT_0)
            failures++;
    }
    end_other(child);
    if (shared->taken < repetitions)
        failures++;
    for (ULONG i = 0; i < repetitions; i++)
        samples[i] = shared->samples[i];
    report_units(CYCLES);
    UnmapViewOfFile((void *)holder);
    UnmapViewOfFile(shared);
    CloseHandle(section);
    CloseHandle(go);
    CloseHandle(done);
}

static const ROW rows[] = {
    {"shared_read_fault", measure_shared_read_fault},
    {"copy_on_write_fault", measure_copy_on_write_fault},
    {"map_touch_unmap", measure_map_touch_unmap},
    {NULL, NULL},
};
