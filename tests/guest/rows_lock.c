// NtLockVirtualMemory and NtUnlockVirtualMemory, row by row.
// expect: exit 0
#include "../rows/rows.h"

static const struct row {
    int line;
    ULONG service, base, size, kind;
    NTSTATUS status;
    ULONG at, bytes;
} rows[] = {
#define ROW(...) {__LINE__, __VA_ARGS__},
#include "../rows/lock.rows"
};

static void run_row(const struct row *row)
{
    PVOID base = (PVOID)row->base;
    SIZE_T size = row->size;
    NTSTATUS status = row->service == LOCKING ? NtLockVirtualMemory(OWN_PROCESS, &base, &size, row->kind) : NtUnlockVirtualMemory(OWN_PROCESS, &base, &size, row->kind);
    BOOL done = expect_status(row->line, status, row->status);
    expect_of_row(row->line, "base", (DWORD)base, done ? row->at : row->base);
    expect_of_row(row->line, "size", size, done ? row->bytes : row->size);
}

static void run_rows(void)
{
    for (unsigned index = 0; index < ROWS; index++) {
        begin_row();
        run_row(&rows[index]);
        end_row(rows[index].line, rows[index].status, rows[index].base, rows[index].size);
    }
    tell_rows("lock", ROWS);
}
