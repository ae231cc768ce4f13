// Win32's functions of memory with their last errors, row by row.
// expect: exit 0
#include "../rows/rows.h"

static const struct row {
    int line;
    ULONG function, arguments[4], error, result;
} rows[] = {
#define ROW(function, a, b, c, d, error, result) {__LINE__, function, {a, b, c, d}, error, result},
#include "../rows/win32_memory.rows"
};

static DWORD call(const struct row *row)
{
    const ULONG *with = row->arguments;
    PVOID address = (PVOID)with[0];
    MEMORY_BASIC_INFORMATION region;
    DWORD old = 0;
    switch (row->function) {
    case VIRTUAL_ALLOC:
        return (DWORD)VirtualAlloc(address, with[1], with[2], with[3]);
    case VIRTUAL_FREE:
        return (DWORD)VirtualFree(address, with[1], with[2]);
    case VIRTUAL_PROTECT:
        return VirtualProtect(address, with[1], with[2], &old) ? old : 0;
    case VIRTUAL_QUERY:
        return VirtualQuery(address, &region, with[1]);
    case VIRTUAL_LOCK:
        return (DWORD)VirtualLock(address, with[1]);
    case VIRTUAL_UNLOCK:
        return (DWORD)VirtualUnlock(address, with[1]);
    case IS_BAD_READ:
        return (DWORD)IsBadReadPtr(address, with[1]);
    case IS_BAD_WRITE:
        return (DWORD)IsBadWritePtr(address, with[1]);
    default:
        return (DWORD)IsBadCodePtr((FARPROC)address);
    }
}

static void run_row(const struct row *row)
{
    SetLastError(NO_ERROR);
    DWORD result = call(row), error = GetLastError();
    if (error == ERROR_NO_SYSTEM_RESOURCES || error == ERROR_COMMITMENT_LIMIT || (error == ERROR_NOT_ENOUGH_MEMORY && row->error != error)) {
        complain(row->line, "there is no memory");
        ExitProcess(1);
    }
    expect_of_row(row->line, "last error", error, row->error);
    expect_of_row(row->line, "result", result, row->result);
    if (row->function == VIRTUAL_ALLOC && row->arguments[0] == 0 && result != 0)
        need_true(row->line, "a release", VirtualFree((PVOID)result, 0, MEM_RELEASE));
}

static void run_rows(void)
{
    for (unsigned index = 0; index < ROWS; index++) {
        const struct row *row = &rows[index];
        // A pointer that is bad is no refusal: its guard is gone.
        BOOL refusal = row->error != NO_ERROR && row->function < IS_BAD_READ;
        begin_row();
        run_row(row);
        // No size is all of the region.
        end_row(row->line, refusal ? -1 : 0, row->arguments[0], row->arguments[1] == 0 ? GRANULARITY : row->arguments[1]);
    }
    tell_rows("win32_memory", ROWS);
}
