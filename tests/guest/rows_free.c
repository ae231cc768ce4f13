// NtFreeVirtualMemory, row by row.
// expect: exit 0
#include "../rows/rows.h"

static const struct row {
    int line;
    ULONG type, base, size;
    NTSTATUS status;
    ULONG at, bytes;
} rows[] = {
#define ROW(...) {__LINE__, __VA_ARGS__},
#include "../rows/free.rows"
};

static void run_row(const struct row *row)
{
    PVOID base = (PVOID)row->base;
    SIZE_T size = row->size;
    NTSTATUS status = NtFreeVirtualMemory(OWN_PROCESS, &base, &size, row->type);
    BOOL done = expect_status(row->line, status, row->status);
    expect_of_row(row->line, "base", (DWORD)base, done ? row->at : row->base);
    expect_of_row(row->line, "size", size, done ? row->bytes : row->size);
    if (!done)
        return;
    MEMORY_BASIC_INFORMATION region = region_at(row->at);
    expect_of_row(row->line, "state", region.State, row->type == MEM_RELEASE ? MEM_FREE : MEM_RESERVE);
    if (region.RegionSize < row->bytes)
        complain(row->line, "less than that was freed");
}

static void run_rows(void)
{
    for (unsigned index = 0; index < ROWS; index++) {
        begin_row();
        run_row(&rows[index]);
        end_row(rows[index].line, rows[index].status, rows[index].at, rows[index].bytes);
    }
    tell_rows("free", ROWS);
}
