// NtQueryVirtualMemory, MemoryBasicInformation, row by row.
// expect: exit 0
#include "../rows/rows.h"

static const struct row {
    int line;
    ULONG address;
    NTSTATUS status;
    ULONG words[7];
} rows[] = {
#define ROW(address, status, ...) {__LINE__, address, status, {__VA_ARGS__}},
#include "../rows/query.rows"
};

static void run_row(const struct row *row)
{
    static const char *const names[] = {"base", "base of the allocation", "protection of the allocation", "size", "state", "protection", "type"};
    ULONG words[7];
    SIZE_T done = 0;
    NTSTATUS status = NtQueryVirtualMemory(OWN_PROCESS, (PVOID)row->address, 0, words, sizeof words, &done);
    if (!expect_status(row->line, status, row->status))
        return;
    expect_of_row(row->line, "length", done, sizeof words);
    for (unsigned index = 0; index < 7; index++)
        expect_of_row(row->line, names[index], words[index], row->words[index]);
}

static void run_rows(void)
{
    begin_row();
    for (unsigned index = 0; index < ROWS; index++)
        run_row(&rows[index]);
    end_row(0, -1, 0, 0);
    tell_rows("query", ROWS);
}
