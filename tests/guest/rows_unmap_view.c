// NtUnmapViewOfSection, NtFlushVirtualMemory and the names of mapped files, row by row.
// expect: exit 0
#include "../rows/rows.h"

static const struct unmap_row {
    int line;
    ULONG address;
    NTSTATUS status;
} unmap_rows[] = {
#define ROW(...) {__LINE__, __VA_ARGS__},
#include "../rows/unmap_view.rows"
};

static const struct flush_row {
    int line;
    ULONG base, size;
    NTSTATUS status;
    ULONG at, bytes;
} flush_rows[] = {
#include "../rows/flush.rows"
};

static const struct name_row {
    int line;
    ULONG address;
    NTSTATUS status;
    ULONG last;
} name_rows[] = {
#include "../rows/mapped_file.rows"
};

#define COUNT(rows) (sizeof rows / sizeof *rows)

static void unmap(const struct unmap_row *row)
{
    begin_row();
    NTSTATUS status = NtUnmapViewOfSection(OWN_PROCESS, (PVOID)row->address);
    if (expect_status(row->line, status, row->status))
        expect_of_row(row->line, "state", region_at(row->address).State, MEM_FREE);
    end_row(row->line, row->status, row->address, 1);
}

static void flush(const struct flush_row *row)
{
    PVOID base = (PVOID)row->base;
    SIZE_T size = row->size;
    ULONG block[2] = {1, 1};
    begin_row();
    NTSTATUS status = NtFlushVirtualMemory(OWN_PROCESS, &base, &size, block);
    BOOL done = expect_status(row->line, status, row->status);
    expect_of_row(row->line, "base", (DWORD)base, done ? row->at : row->base);
    expect_of_row(row->line, "size", size, done ? row->bytes : row->size);
    if (done) {
        expect_of_row(row->line, "status block", block[0], SUCCESS);
        expect_of_row(row->line, "bytes in the status block", block[1], row->bytes);
    }
}

// The name is that of a device and of a file in it.
static void name(const struct name_row *row)
{
    union {
        struct {
            USHORT length, room;
            WCHAR *text;
        } name;
        WCHAR text[128];
    } buffer;
    SIZE_T done = 0;
    begin_row();
    NTSTATUS status = NtQueryVirtualMemory(OWN_PROCESS, (PVOID)row->address, 2, &buffer, sizeof buffer, &done);
    if (expect_status(row->line, status, row->status)) {
        DWORD length = buffer.name.length / 2;
        expect_of_row(row->line, "text", (DWORD)buffer.name.text, (DWORD)(&buffer.name + 1));
        expect_of_row(row->line, "first character", buffer.name.text[0], '\\');
        expect_of_row(row->line, "last character", buffer.name.text[length - 1] | 0x20, row->last);
        expect_of_row(row->line, "length", done, sizeof buffer.name + buffer.name.length + 2);
    }
}

static void run_rows(void)
{
    for (unsigned index = 0; index < COUNT(flush_rows); index++)
        flush(&flush_rows[index]);
    tell_rows("flush", COUNT(flush_rows));
    for (unsigned index = 0; index < COUNT(name_rows); index++)
        name(&name_rows[index]);
    tell_rows("mapped_file", COUNT(name_rows));
    for (unsigned index = 0; index < COUNT(unmap_rows); index++)
        unmap(&unmap_rows[index]);
    tell_rows("unmap_view", COUNT(unmap_rows));
}
