// NtCreateSection, row by row, and what NtQuerySection tells of what was made.
// expect: exit 0
#include "../rows/rows.h"

static const struct row {
    int line;
    ULONG made_of;
    LONGLONG bytes;
    ULONG protect, attributes;
    NTSTATUS status;
    ULONG size, told;
} rows[] = {
#define ROW(...) {__LINE__, __VA_ARGS__},
#include "../rows/create_section.rows"
};

static void run_row(const struct row *row)
{
    HANDLE section = (HANDLE)0x1234;
    struct {
        PVOID base;
        ULONG attributes;
        LARGE_INTEGER size;
    } basic;
    NTSTATUS status = make_section(&section, SECTION_ALL_ACCESS, row->made_of, row->bytes, row->protect, row->attributes);
    if (!expect_status(row->line, status, row->status)) {
        expect_of_row(row->line, "handle", (DWORD)section, 0x1234);
        return;
    }
    need_done(row->line, "a query", NtQuerySection(section, 0, &basic, sizeof basic, NULL));
    expect_of_row(row->line, "base", (DWORD)basic.base, 0);
    expect_of_row(row->line, "bytes", basic.size.LowPart, row->size);
    expect_of_row(row->line, "more bytes", (DWORD)basic.size.HighPart, 0);
    expect_of_row(row->line, "attributes", basic.attributes, row->told);
    need_done(row->line, "closing it", NtClose(section));
}

static void run_rows(void)
{
    for (unsigned index = 0; index < ROWS; index++)
        run_row(&rows[index]);
    tell_rows("create_section", ROWS);
}
