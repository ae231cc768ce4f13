// The rows in ring 3: the arena of fixture.rows, built by the services themselves and again after each row that changed
// something, and what a program needs to run the rows of one file. The host's tests read the same files.
#ifndef ROWS_H
#define ROWS_H

// All statuses, not only the few that windows.h has.
#define WIN32_LEAN_AND_MEAN
#define WIN32_NO_STATUS
#include <windows.h>
#undef WIN32_NO_STATUS
#include <ntstatus.h>
#include "../guest/section_file.h"

#ifndef MEM_DOS_LIM
#define MEM_DOS_LIM 0x40000000
#endif
#ifndef SEC_BASED
#define SEC_BASED 0x200000
#endif
#ifndef SEC_NO_CHANGE
#define SEC_NO_CHANGE 0x400000
#endif

NTSTATUS NTAPI NtLockVirtualMemory(HANDLE process, PVOID *base, SIZE_T *size, ULONG type);
NTSTATUS NTAPI NtUnlockVirtualMemory(HANDLE process, PVOID *base, SIZE_T *size, ULONG type);

enum {
#define NAME(name, number) name = number,
#include "names.rows"
#undef NAME
};

// ---- Results ------------------------------------------------------------------------------------------------------

// More than so many wrong answers are one that is wrong somewhere else.
#define MOST_FAILURES 24

static inline void complain(int line, const char *what)
{
    put("row ");
    put_decimal((DWORD)line);
    put(": ");
    put(what);
    put("\n");
    if (++failures >= MOST_FAILURES)
        ExitProcess(1);
}

// Whether a service lacked memory for its answer.
static inline BOOL lacks(NTSTATUS status)
{
    return status == STATUS_NO_MEMORY || status == STATUS_INSUFFICIENT_RESOURCES || status == STATUS_COMMITMENT_LIMIT || status == STATUS_PAGEFILE_QUOTA;
}

// What is needed before anything can be shown.
static inline void need_done(int line, const char *what, NTSTATUS status)
{
    if (status >= 0)
        return;
    expect_word(line, what, (DWORD)status, 0);
    ExitProcess(1);
}

static inline void need_true(int line, const char *what, BOOL true)
{
    if (true)
        return;
    expect_word(line, what, GetLastError(), 0);
    ExitProcess(1);
}

// One word of a row. ANY stands for anything.
static inline void expect_of_row(int line, const char *what, DWORD found, DWORD expected)
{
    if (found == expected || expected == ANY)
        return;
    put(what);
    put(" is ");
    put_hex(found);
    put(", not ");
    put_hex(expected);
    put(" in ");
    complain(line, "");
}

// The status of a row; whether it is that of a success, whose results are to be looked at.
static inline BOOL expect_status(int line, NTSTATUS found, NTSTATUS expected)
{
    if (lacks(found) && found != expected) {
        complain(line, "there is no memory");
        ExitProcess(1);
    }
    expect_of_row(line, "status", (DWORD)found, (DWORD)expected);
    return found >= 0 && expected >= 0;
}

// ---- Files and sections ---------------------------------------------------------------------------------------------

#define DATA_NAME "C:\\rows.dat"
#define IMAGE_NAME "C:\\rows.dll"
#define EMPTY_NAME "C:\\rows.nul"

static const struct { DWORD at, bytes, number; } image_puts[] = {
#define PUT(at, bytes, number) {at, bytes, (DWORD)(number)},
#include "image.rows"
#undef PUT
};

static inline BYTE data_byte(DWORD offset)
{
    return (BYTE)((offset ^ offset >> 8) | 1);
}

static inline HANDLE open_with(const char *name, DWORD access, DWORD creation)
{
    HANDLE file = CreateFileA(name, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, creation, 0, NULL);
    need_true(__LINE__, name, file != INVALID_HANDLE_VALUE);
    return file;
}

static inline void make_file(const char *name, const void *bytes, DWORD count)
{
    DWORD done = 0;
    HANDLE file = open_with(name, GENERIC_WRITE, CREATE_ALWAYS);
    need_true(__LINE__, name, count == 0 || (WriteFile(file, bytes, count, &done, NULL) && done == count));
    CloseHandle(file);
}

static HANDLE files[FILE_EMPTY + 1];

static inline void make_files(void)
{
    static BYTE bytes[DATA_SIZE];
    DWORD image = 0;
    for (DWORD index = 0; index < sizeof image_puts / sizeof *image_puts; index++)
        for (DWORD byte = 0; byte < image_puts[index].bytes; byte++) {
            DWORD at = image_puts[index].at + byte;
            bytes[at] = (BYTE)(image_puts[index].number >> 8 * byte);
            image = at + 1 > image ? at + 1 : image;
        }
    make_file(IMAGE_NAME, bytes, image);
    for (DWORD index = 0; index < DATA_SIZE; index++)
        bytes[index] = data_byte(index);
    make_file(DATA_NAME, bytes, DATA_SIZE);
    make_file(EMPTY_NAME, NULL, 0);
    static const struct { const char *name; DWORD access; } handles[] = {
        [FILE_READ] = {DATA_NAME, FILE_READ_DATA},
        [FILE_WRITE] = {DATA_NAME, FILE_READ_DATA | FILE_WRITE_DATA},
        [FILE_CODE] = {DATA_NAME, FILE_READ_DATA | FILE_EXECUTE},
        [FILE_ALL] = {DATA_NAME, FILE_READ_DATA | FILE_WRITE_DATA | FILE_EXECUTE},
        [FILE_ONLY_CODE] = {DATA_NAME, FILE_EXECUTE},
        [FILE_NEITHER] = {DATA_NAME, FILE_READ_ATTRIBUTES},
        [FILE_IMAGE] = {IMAGE_NAME, FILE_READ_DATA | FILE_EXECUTE},
        [FILE_IMAGE_READ] = {IMAGE_NAME, FILE_READ_DATA},
        [FILE_EMPTY] = {EMPTY_NAME, FILE_READ_DATA | FILE_WRITE_DATA | FILE_EXECUTE},
    };
    for (DWORD index = FILE_READ; index <= FILE_EMPTY; index++)
        files[index] = open_with(handles[index].name, handles[index].access | SYNCHRONIZE, OPEN_EXISTING);
}

enum {
#define SECTION(name, made_of, bytes, protect, attributes) name,
#include "sections.rows"
#undef SECTION
    SECTIONS
};

static const struct made { int line; DWORD made_of; LONGLONG bytes; ULONG protect, attributes; } made[] = {
#define SECTION(name, ...) {__LINE__, __VA_ARGS__},
#include "sections.rows"
#undef SECTION
};

static HANDLE sections[SECTIONS];

static inline NTSTATUS make_section(HANDLE *section, ACCESS_MASK access, DWORD made_of, LONGLONG bytes, ULONG protect, ULONG attributes)
{
    LARGE_INTEGER size = {.QuadPart = bytes};
    return NtCreateSection(section, access, NULL, &size, protect, attributes, files[made_of]);
}

static inline void make_sections(DWORD first, DWORD last)
{
    for (DWORD index = first; index <= last; index++) {
        if (sections[index] != NULL)
            CloseHandle(sections[index]);
        NTSTATUS status = make_section(&sections[index], SECTION_ALL_ACCESS, made[index].made_of, made[index].bytes, made[index].protect, made[index].attributes);
        need_done(made[index].line, "a section", status);
    }
}

// ---- The arena ------------------------------------------------------------------------------------------------------

enum step_kind { STEP_ALLOCATE, STEP_DECOMMIT, STEP_PROTECT, STEP_STORE, STEP_LOCK, STEP_MAP };

struct step {
    int line;
    enum step_kind kind;
    DWORD a, b, c, d, e, f;
};

static const struct step steps[] = {
#define ALLOCATE(base, size, type, protect) {__LINE__, STEP_ALLOCATE, base, size, type, protect, 0, 0},
#define DECOMMIT(base, size) {__LINE__, STEP_DECOMMIT, base, size, 0, 0, 0, 0},
#define PROTECT(base, size, protect) {__LINE__, STEP_PROTECT, base, size, protect, 0, 0, 0},
#define STORE(base, size) {__LINE__, STEP_STORE, base, size, 0, 0, 0, 0},
#define LOCK(base, size) {__LINE__, STEP_LOCK, base, size, 0, 0, 0, 0},
#define MAP(section, base, offset, size, type, protect) {__LINE__, STEP_MAP, section, base, offset, size, type, protect},
#include "fixture.rows"
#undef ALLOCATE
#undef DECOMMIT
#undef PROTECT
#undef STORE
#undef LOCK
#undef MAP
};

static inline NTSTATUS take(const struct step *step)
{
    PVOID base = (PVOID)step->a;
    SIZE_T size = step->b;
    switch (step->kind) {
    case STEP_ALLOCATE:
        return allocate_at(base, size, step->c, step->d);
    case STEP_DECOMMIT:
        return free_at(base, size, MEM_DECOMMIT);
    case STEP_PROTECT:
        return protect_at(base, size, step->c);
    case STEP_STORE:
        for (DWORD at = step->a; at < step->a + step->b; at += PAGE)
            write_word(at, 1);
        return SUCCESS;
    case STEP_LOCK:
        return NtLockVirtualMemory(OWN_PROCESS, &base, &size, 1);
    default: {
        LARGE_INTEGER offset = {.QuadPart = step->c};
        base = (PVOID)step->b;
        size = step->d;
        return NtMapViewOfSection(sections[step->a], OWN_PROCESS, &base, 0, 0, &offset, &size, VIEW_UNMAP, step->e, step->f);
    }
    }
}

static inline MEMORY_BASIC_INFORMATION region_at(DWORD address)
{
    MEMORY_BASIC_INFORMATION region;
    need_done(__LINE__, "a query", NtQueryVirtualMemory(OWN_PROCESS, (PVOID)address, 0, &region, sizeof region, NULL));
    return region;
}

// Frees all that is between two addresses.
static inline void clear(DWORD from, DWORD to)
{
    for (DWORD at = from; at < to;) {
        MEMORY_BASIC_INFORMATION region = region_at(at);
        at = (DWORD)region.BaseAddress + region.RegionSize;
        if (region.State == MEM_FREE)
            continue;
        if (region.Type == MEM_PRIVATE) {
            NTSTATUS status = free_at(region.AllocationBase, 0, MEM_RELEASE);
            // Wine tells what it keeps free for itself as reserved, and then releases none of it: there is nothing to clear.
            if (status == STATUS_INVALID_PARAMETER && region.State == MEM_RESERVE)
                continue;
            need_done(__LINE__, "a release", status);
        } else
            need_done(__LINE__, "an unmapping", NtUnmapViewOfSection(OWN_PROCESS, region.AllocationBase));
        at = from;
    }
}

static inline DWORD base_of(const struct step *step)
{
    return step->kind == STEP_MAP ? step->b : step->a;
}

// Builds the part of the arena between two addresses, which are multiples of 64 KB.
static inline void build(DWORD from, DWORD to)
{
    clear(from, to);
    // What was committed of this one stays committed.
    if (from <= AT_LATER && AT_LATER < to)
        make_sections(LATER, LATER);
    for (const struct step *step = steps; step < steps + sizeof steps / sizeof *steps; step++)
        if (base_of(step) >= from && base_of(step) < to)
            need_done(step->line, "a step of the fixture", take(step));
}

// ---- Rows -----------------------------------------------------------------------------------------------------------

#define MOST_REGIONS 96

static MEMORY_BASIC_INFORMATION regions_before[MOST_REGIONS], regions_after[MOST_REGIONS];
// The part of the arena that is to be built anew.
static DWORD stale_from = ARENA, stale_to = ARENA_END;

// All regions of the arena, and one beyond.
static inline void walk(MEMORY_BASIC_INFORMATION *regions)
{
    DWORD count = 0;
    for (DWORD at = ARENA; at < ARENA_END && count < MOST_REGIONS; count++) {
        regions[count] = region_at(at);
        at += regions[count].RegionSize;
    }
    for (; count < MOST_REGIONS; count++)
        regions[count] = (MEMORY_BASIC_INFORMATION){0};
}

static inline void begin_row(void)
{
    const BOOL first = regions_before[0].RegionSize == 0;
    if (stale_from < stale_to)
        build(stale_from, stale_to);
    stale_from = stale_to = 0;
    if (first)
        walk(regions_before);
}

// Whether the arena looks as it did before.
static inline BOOL is_as_before(void)
{
    walk(regions_after);
    const DWORD *one = (const DWORD *)regions_before, *other = (const DWORD *)regions_after;
    for (DWORD word = 0; word < sizeof regions_before / 4; word++)
        if (one[word] != other[word])
            return FALSE;
    return TRUE;
}

static inline void make_stale(DWORD from, DWORD size)
{
    stale_from = from & ~(GRANULARITY - 1);
    stale_to = (from + size + GRANULARITY - 1) & ~(GRANULARITY - 1);
    if (stale_from < ARENA || stale_to > ARENA_END || stale_to < stale_from)
        stale_from = ARENA, stale_to = ARENA_END;
}

// After a refusal everything is as it was; after a success what lies from `base` on is built anew.
static inline void end_row(int line, NTSTATUS status, DWORD base, DWORD size)
{
    if (status >= 0)
        make_stale(base, size);
    else if (!is_as_before()) {
        complain(line, "something changed");
        make_stale(0, 0);
    }
}

// The lowest or the highest free range, as a walk over all regions finds it; 0 where there is none.
static inline DWORD free_range_at(DWORD end, DWORD size, DWORD zero_bits)
{
    const DWORD highest = 0x7FFDFFFF, limit = 0xFFFFFFFF >> zero_bits < highest ? 0xFFFFFFFF >> zero_bits : highest;
    DWORD found = 0;
    for (DWORD at = GRANULARITY; at <= limit;) {
        MEMORY_BASIC_INFORMATION region = region_at(at);
        DWORD past = (DWORD)region.BaseAddress + region.RegionSize, last = past - 1 < limit ? past - 1 : limit;
        DWORD first = (at + GRANULARITY - 1) & ~(GRANULARITY - 1);
        if (region.State == MEM_FREE && first <= last && last - first >= size - 1) {
            if (end == LOWEST)
                return first;
            found = (last - (size - 1)) & ~(GRANULARITY - 1);
        }
        at = past;
    }
    return found;
}

// Where a row says that something is; `size` and `zero_bits` where that is anywhere.
static inline DWORD place_of(DWORD place, DWORD size, DWORD zero_bits)
{
    return place == LOWEST || place == HIGHEST ? free_range_at(place, size, zero_bits) : place;
}

static void run_rows(void);

static inline void tell_rows(const char *file, DWORD count)
{
    put("rows ");
    put(file);
    put(": ");
    put_decimal(count);
    put("\n");
}

static void test(void)
{
    make_files();
    make_sections(0, SECTIONS - 1);
    run_rows();
    clear(ARENA, ARENA_END);
    for (DWORD index = 0; index < SECTIONS; index++)
        CloseHandle(sections[index]);
    for (DWORD index = FILE_READ; index <= FILE_EMPTY; index++)
        CloseHandle(files[index]);
    EXPECT(DeleteFileA(DATA_NAME));
    EXPECT(DeleteFileA(IMAGE_NAME));
    EXPECT(DeleteFileA(EMPTY_NAME));
}

#define ROWS (sizeof rows / sizeof *rows)

#endif
