// What sections cost. Measured as in memory.c: the median of the samples, in guest instructions, less what reading the counter costs.
//
//   shared_read_fault       the first read, through a fresh view, of a page of memory that another view holds
//   copy_on_write_fault     the first write to a page of a WRITECOPY view that has been read: the fault copies it
//   map_touch_unmap         NtMapViewOfSection of 64 KB (the kernel picks), one read of a page that another view holds,
//                           NtUnmapViewOfSection
#include "bench.h"
#include "../guest/section.h"

#define PAGES (SAMPLES + 1)

static HANDLE section;

static PVOID map(ULONG protection, SIZE_T size)
{
    PVOID base = NULL;
    if (NtMapViewOfSection(section, OWN_PROCESS, &base, 0, 0, NULL, &size, VIEW_SHARE, 0, protection) != SUCCESS)
        failures++;
    return base;
}

static void measure_shared_read_fault(void)
{
    volatile char *view = map(PAGE_READWRITE, PAGES * PAGE);
    // The page table is there.
    (void)view[SAMPLES * PAGE];
    for (int i = 0; i < SAMPLES; i++) {
        volatile char *page = view + i * PAGE;
        ULONG start = ticks();
        (void)*page;
        samples[i] = ticks() - start - 1;
    }
    report("shared_read_fault");
    NtUnmapViewOfSection(OWN_PROCESS, (PVOID)view);
}

static void measure_copy_on_write_fault(void)
{
    volatile char *view = map(PAGE_WRITECOPY, PAGES * PAGE);
    for (int i = 0; i <= SAMPLES; i++)
        (void)view[i * PAGE];
    for (int i = 0; i < SAMPLES; i++) {
        volatile char *page = view + i * PAGE;
        ULONG start = ticks();
        *page = 2;
        samples[i] = ticks() - start - 1;
    }
    report("copy_on_write_fault");
    NtUnmapViewOfSection(OWN_PROCESS, (PVOID)view);
}

static void measure_map_touch_unmap(void)
{
    for (int i = 0; i < SAMPLES; i++) {
        PVOID base = NULL;
        SIZE_T size = GRANULARITY;
        ULONG start = ticks();
        NTSTATUS status = NtMapViewOfSection(section, OWN_PROCESS, &base, 0, 0, NULL, &size, VIEW_SHARE, 0, PAGE_READWRITE);
        (void)*(volatile char *)base;
        status |= NtUnmapViewOfSection(OWN_PROCESS, base);
        samples[i] = ticks() - start;
        if (status != SUCCESS)
            failures++;
    }
    report("map_touch_unmap");
}

static void test(void)
{
    LARGE_INTEGER size = { .QuadPart = PAGES * PAGE };
    if (NtCreateSection(&section, SECTION_ALL_ACCESS, NULL, &size, PAGE_READWRITE, SEC_COMMIT, NULL) != SUCCESS) {
        failures++;
        return;
    }
    volatile char *holder = map(PAGE_READWRITE, PAGES * PAGE);
    for (int i = 0; i < PAGES; i++)
        holder[i * PAGE] = 1;
    // The zero-page thread works while nobody else does.
    Sleep(300);
    measure_nothing();
    measure_shared_read_fault();
    measure_copy_on_write_fault();
    measure_map_touch_unmap();
}
