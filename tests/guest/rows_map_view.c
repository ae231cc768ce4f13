// NtMapViewOfSection, row by row.
// expect: exit 0
#include "../rows/rows.h"

static const struct row {
    int line;
    ULONG section, base, zero_bits, commit;
    LONGLONG offset;
    ULONG size, disposition, type, protect;
    NTSTATUS status;
    ULONG at, bytes, now;
} rows[] = {
#define ROW(...) {__LINE__, __VA_ARGS__},
#include "../rows/map_view.rows"
};

static void run_row(const struct row *row)
{
    PVOID base = (PVOID)row->base;
    SIZE_T size = row->size;
    LARGE_INTEGER offset = {.QuadPart = row->offset};
    DWORD at = place_of(row->at, row->bytes, row->zero_bits);
    NTSTATUS status = NtMapViewOfSection(sections[row->section], OWN_PROCESS, &base, row->zero_bits, row->commit, &offset, &size, row->disposition, row->type, row->protect);
    if (!expect_status(row->line, status, row->status)) {
        expect_of_row(row->line, "base", (DWORD)base, row->base);
        expect_of_row(row->line, "size", size, row->size);
        return;
    }
    expect_of_row(row->line, "base", (DWORD)base, at);
    expect_of_row(row->line, "size", size, row->bytes);
    expect_of_row(row->line, "offset", offset.LowPart, (DWORD)row->offset & ~(GRANULARITY - 1));
    expect_of_row(row->line, "protection", region_at((DWORD)base).Protect, row->now);
    // What lies beyond the arena is not built anew.
    need_done(row->line, "an unmapping", NtUnmapViewOfSection(OWN_PROCESS, base));
}

static void run_rows(void)
{
    for (unsigned index = 0; index < ROWS; index++) {
        begin_row();
        run_row(&rows[index]);
        // Nothing of it is left, but what was committed for all views.
        end_row(rows[index].line, rows[index].status, AT_LATER, rows[index].section == LATER ? PAGE : 0);
    }
    tell_rows("map_view", ROWS);
}
