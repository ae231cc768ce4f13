// A file's pages: in memory already, private from the first store on, and such as leave and come back. The rows are defined in
// docs/performance.md.
// cc: -lpsapi
#define PSAPI_VERSION 1
#include "bench.h"
#include <psapi.h>

// What the runner puts on C:, in pages.
#define FILE_NAME "C:\\paging.dat"
#define FILE_PAGES 1024

static HANDLE section;

static SIZE_T working_set(void)
{
    PROCESS_MEMORY_COUNTERS counters = {.cb = sizeof counters};
    if (!GetProcessMemoryInfo((HANDLE)-1, &counters, sizeof counters))
        failures++;
    return counters.WorkingSetSize / PAGE;
}

static void open_file(void)
{
    DWORD access = GENERIC_READ | GENERIC_WRITE;
    HANDLE file = must(CreateFileA(FILE_NAME, access, 0, NULL, OPEN_EXISTING, 0, NULL));
    section = must(CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL));
    CloseHandle(file);
}

static volatile char *view(DWORD access)
{
    return must_have(MapViewOfFile(section, access, 0, 0, 0));
}

static void unmap(volatile char *memory)
{
    if (!UnmapViewOfFile((void *)memory))
        failures++;
}

// A view that holds all pages of the file.
static volatile char *holder(void)
{
    open_file();
    volatile char *memory = view(FILE_MAP_READ);
    for (int i = 0; i < FILE_PAGES; i++)
        (void)memory[i * PAGE];
    return memory;
}

static void drop(volatile char *memory)
{
    unmap(memory);
    CloseHandle(section);
}

static void measure_file_read_fault(void)
{
    volatile char *held = holder(), *memory = view(FILE_MAP_COPY);
    (void)memory[(FILE_PAGES - 1) * PAGE], (void)memory[FILE_PAGES / 2 * PAGE - PAGE];
    sample_loads(memory);
    report();
    unmap(memory);
    drop(held);
}

static void measure_file_private_write(void)
{
    volatile char *held = holder(), *memory = view(FILE_MAP_COPY);
    memory[(FILE_PAGES - 1) * PAGE] = 1, memory[FILE_PAGES / 2 * PAGE - PAGE] = 1;
    sample_stores(memory);
    report();
    unmap(memory);
    drop(held);
}

// A view whose every page has been stored to, and was then taken from the process; the ticks of that.
static volatile char *trimmed_view(ULONG *took, ULONG *pages)
{
    open_file();
    volatile char *memory = view(FILE_MAP_WRITE);
    for (int i = 0; i < FILE_PAGES; i++)
        memory[i * PAGE] = 1;
    SIZE_T before = working_set();
    ULONG start = ticks();
    EmptyWorkingSet((HANDLE)-1);
    *took = ticks() - start;
    *pages = before - working_set();
    return memory;
}

static void measure_trim(void)
{
    ULONG took, pages;
    drop(trimmed_view(&took, &pages));
    report_figure((FIGURE){took - empty, took - empty}, pages);
}

static void measure_from_modified(void)
{
    ULONG took, pages;
    volatile char *memory = trimmed_view(&took, &pages);
    sample_loads(memory);
    report();
    drop(memory);
}

static void measure_from_standby(void)
{
    ULONG took, pages;
    volatile char *memory = trimmed_view(&took, &pages);
    if (!FlushViewOfFile((void *)memory, 0))
        failures++;
    EmptyWorkingSet((HANDLE)-1);
    sample_loads(memory);
    report();
    drop(memory);
}

static const ROW rows[] = {
    {"file_read_fault", measure_file_read_fault},
    {"file_private_write", measure_file_private_write},
    {"trim_page", measure_trim},
    {"soft_fault_modified", measure_from_modified},
    {"soft_fault_standby", measure_from_standby},
    {NULL, NULL},
};
