// NtProtectVirtualMemory, row by row.
// expect: exit 0
#include "../rows/rows.h"

static const struct row {
    int line;
    ULONG base, size, protect;
    NTSTATUS status;
    ULONG old, now;
} rows[] = {
#define ROW(...) {__LINE__, __VA_ARGS__},
#include "../rows/protect.rows"
};

static void run_row(const struct row *row)
{
    PVOID base = (PVOID)row->base;
    SIZE_T size = row->size;
    ULONG old = 0x12345678;
    NTSTATUS status = NtProtectVirtualMemory(OWN_PROCESS, &base, &size, row->protect, &old);
    if (!expect_status(row->line, status, row->status)) {
        expect_of_row(row->line, "base", (DWORD)base, row->base);
        expect_of_row(row->line, "size", size, row->size);
        return;
    }
    DWORD first = row->base & ~(PAGE - 1), past = (row->base + row->size + PAGE - 1) & ~(PAGE - 1);
    expect_of_row(row->line, "base", (DWORD)base, first);
    expect_of_row(row->line, "size", size, past - first);
    expect_of_row(row->line, "old protection", old, row->old);
    expect_of_row(row->line, "protection", region_at(row->base).Protect, row->now);
}

static void run_rows(void)
{
    for (unsigned index = 0; index < ROWS; index++) {
        begin_row();
        run_row(&rows[index]);
        end_row(rows[index].line, rows[index].status, rows[index].base, rows[index].size);
    }
    tell_rows("protect", ROWS);
}
