// What a section, its handle and a view of it let a program do, row by row.
// expect: exit 0
#include "../rows/rows.h"
#include "../rows/access.h"

static const struct row {
    int line;
    ULONG made_of, protect, access, view_protect;
    NTSTATUS status, load, store;
    ULONG now;
} rows[] = {
#define ROW(...) {__LINE__, __VA_ARGS__},
#include "../rows/access_pairs.rows"
};

static void run_row(const struct row *row)
{
    HANDLE section = NULL;
    PVOID base = (PVOID)AT_GAP;
    SIZE_T size = 0;
    need_done(row->line, "a section", make_section(&section, row->access, row->made_of, row->made_of == NOTHING ? PAGE : 0, row->protect, SEC_COMMIT));
    NTSTATUS status = NtMapViewOfSection(section, OWN_PROCESS, &base, 0, 0, NULL, &size, VIEW_UNMAP, 0, row->view_protect);
    NtClose(section);
    if (!expect_status(row->line, status, row->status))
        return;
    expect_of_row(row->line, "load", (DWORD)access_to(AT_GAP, LOADING), (DWORD)row->load);
    expect_of_row(row->line, "store", (DWORD)access_to(AT_GAP, STORING), (DWORD)row->store);
    expect_of_row(row->line, "protection", region_at(AT_GAP).Protect, row->now);
    need_done(row->line, "an unmapping", NtUnmapViewOfSection(OWN_PROCESS, base));
}

static void run_rows(void)
{
    for (unsigned index = 0; index < ROWS; index++)
        run_row(&rows[index]);
    tell_rows("access_pairs", ROWS);
}
