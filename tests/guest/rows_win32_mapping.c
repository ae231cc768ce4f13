// CreateFileMapping and MapViewOfFileEx with their last errors, row by row.
// expect: exit 0
#include "../rows/rows.h"

#ifndef FILE_MAP_EXECUTE
#define FILE_MAP_EXECUTE 0x20
#endif

static const struct row {
    int line;
    ULONG made_of, protect, size_high, size_low, access, offset_high, offset_low, size, address, first_error, second_error, now;
} rows[] = {
#define ROW(...) {__LINE__, __VA_ARGS__},
#include "../rows/win32_mapping.rows"
};

static void stop_without_memory(const struct row *row, DWORD error)
{
    if (error == ERROR_NO_SYSTEM_RESOURCES || error == ERROR_COMMITMENT_LIMIT || (error == ERROR_NOT_ENOUGH_MEMORY && row->first_error != error)) {
        complain(row->line, "there is no memory");
        ExitProcess(1);
    }
}

static void run_row(const struct row *row)
{
    HANDLE file = row->made_of == NOTHING ? INVALID_HANDLE_VALUE : files[row->made_of];
    SetLastError(NO_ERROR);
    HANDLE mapping = CreateFileMappingA(file, NULL, row->protect, row->size_high, row->size_low, NULL);
    DWORD error = GetLastError();
    stop_without_memory(row, error);
    expect_of_row(row->line, "last error of CreateFileMapping", error, row->first_error);
    expect_of_row(row->line, "whether there is a handle", mapping != NULL, row->first_error == NO_ERROR);
    if (mapping == NULL)
        return;
    SetLastError(NO_ERROR);
    PVOID view = MapViewOfFileEx(mapping, row->access, row->offset_high, row->offset_low, row->size, (PVOID)row->address);
    error = GetLastError();
    stop_without_memory(row, error);
    expect_of_row(row->line, "last error of MapViewOfFileEx", error, row->second_error);
    expect_of_row(row->line, "view", (DWORD)view, row->second_error == NO_ERROR ? row->address : 0);
    if (view != NULL) {
        expect_of_row(row->line, "protection", region_at((DWORD)view).Protect, row->now);
        need_true(row->line, "an unmapping", UnmapViewOfFile(view));
    }
    CloseHandle(mapping);
}

static void run_rows(void)
{
    begin_row();
    for (unsigned index = 0; index < ROWS; index++)
        run_row(&rows[index]);
    end_row(0, -1, 0, 0);
    tell_rows("win32_mapping", ROWS);
}
