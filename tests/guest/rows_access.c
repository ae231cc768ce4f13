// What each protection lets a program do, row by row.
// expect: exit 0
#include "../rows/rows.h"
#include "../rows/access.h"

static const struct row {
    int line;
    ULONG address, protect, kind;
    NTSTATUS first, second;
    ULONG now;
} rows[] = {
#define ROW(...) {__LINE__, __VA_ARGS__},
#include "../rows/access.rows"
};

#ifndef PF_NX_ENABLED
#define PF_NX_ENABLED 12
#endif

// The row to hold against: without NX nobody can tell a fetch from a load.
static const struct row *expected_of(const struct row *row)
{
    if (row->kind != EXECUTING || IsProcessorFeaturePresent(PF_NX_ENABLED))
        return row;
    for (unsigned index = 0; index < ROWS; index++)
        if (rows[index].address == row->address && rows[index].protect == row->protect && rows[index].kind == LOADING)
            return &rows[index];
    complain(row->line, "there is no row of LOADING");
    return row;
}

static void run_row(const struct row *row)
{
    const struct row *expected = expected_of(row);
    // An instruction that returns, where nothing of the kind is there.
    if (row->kind == EXECUTING && (row->address == AT_USED + 0x2000 || row->address == AT_EXECUTE))
        *(volatile BYTE *)row->address = 0xC3;
    need_done(row->line, "the protection", protect_at((PVOID)row->address, 1, row->protect));
    expect_of_row(row->line, "first access", (DWORD)access_to(row->address, row->kind), (DWORD)expected->first);
    expect_of_row(row->line, "second access", (DWORD)access_to(row->address, row->kind), (DWORD)expected->second);
    expect_of_row(row->line, "protection", region_at(row->address).Protect, expected->now);
}

static void run_rows(void)
{
    for (unsigned index = 0; index < ROWS; index++) {
        begin_row();
        run_row(&rows[index]);
        end_row(rows[index].line, SUCCESS, rows[index].address, 1);
    }
    tell_rows("access", ROWS);
}
