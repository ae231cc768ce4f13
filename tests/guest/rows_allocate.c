// NtAllocateVirtualMemory, row by row.
// expect: exit 0
#include "../rows/rows.h"

static const struct row {
    int line;
    ULONG zero_bits, type, protect, base, size;
    NTSTATUS status;
    ULONG at, bytes, now;
} rows[] = {
#define ROW(...) {__LINE__, __VA_ARGS__},
#include "../rows/allocate.rows"
};

static void run_row(const struct row *row)
{
    PVOID base = (PVOID)row->base;
    SIZE_T size = row->size;
    DWORD at = place_of(row->at, row->size, row->zero_bits);
    NTSTATUS status = NtAllocateVirtualMemory(OWN_PROCESS, &base, row->zero_bits, &size, row->type, row->protect);
    if (!expect_status(row->line, status, row->status)) {
        expect_of_row(row->line, "base", (DWORD)base, row->base);
        expect_of_row(row->line, "size", size, row->size);
        return;
    }
    expect_of_row(row->line, "base", (DWORD)base, at);
    expect_of_row(row->line, "size", size, row->bytes);
    expect_of_row(row->line, "protection", region_at((DWORD)base).Protect, row->now);
    // What lies beyond the arena is not built anew.
    if (row->at == LOWEST || row->at == HIGHEST)
        need_done(row->line, "a release", free_at(base, 0, MEM_RELEASE));
}

static void run_rows(void)
{
    for (unsigned index = 0; index < ROWS; index++) {
        begin_row();
        run_row(&rows[index]);
        end_row(rows[index].line, rows[index].status, rows[index].base, rows[index].size);
    }
    tell_rows("allocate", ROWS);
}
