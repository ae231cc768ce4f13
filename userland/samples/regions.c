// cc-library: msvcrt
// cc: -lntdll
// A process with the address space that a listing of !vad shows: another system's, say, rebuilt to be looked at. The listing is a
// file with a row a line, parted by tabs: VAD, level, first and last page, commit, kind and protection, and what is behind it
// (tests/model/data/notepad-vads.tsv). The files that it names lie under the same paths on the listing's drive. The process never runs.
// When all is there, the program stops at a breakpoint; `./vadose regions` shows it.
//
//     i686-w64-mingw32-gcc -o regions.exe regions.c -lntdll
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#define PAGE 4096u
#define MOST_ROWS 1024
// Between these lie the blocks that the system makes: a process's and its threads'.
#define FIRST_BLOCK ((char *)0x7FFB0000)
#define OWN_PROCESS ((HANDLE)-1)

typedef LONG NTSTATUS;

typedef struct {
    PVOID fixed_base, fixed_limit, base, limit, allocation;
} initial_stack;

NTSTATUS NTAPI NtCreateProcessEx(PHANDLE process, ULONG access, PVOID object, HANDLE parent, ULONG flags, HANDLE section, HANDLE debug, HANDLE exception, ULONG job);
NTSTATUS NTAPI NtCreateThread(PHANDLE thread, ULONG access, PVOID object, HANDLE process, PVOID client, CONTEXT *context, initial_stack *stack, BOOLEAN suspended);
NTSTATUS NTAPI NtCreateSection(PHANDLE section, ULONG access, PVOID object, LARGE_INTEGER *size, ULONG protect, ULONG kind, HANDLE file);
NTSTATUS NTAPI NtMapViewOfSection(HANDLE section, HANDLE process, PVOID *base, ULONG zero_bits, ULONG commit, LARGE_INTEGER *offset, SIZE_T *size, ULONG inherit, ULONG kind, ULONG protect);
NTSTATUS NTAPI NtUnmapViewOfSection(HANDLE process, PVOID base);
NTSTATUS NTAPI NtFreeVirtualMemory(HANDLE process, PVOID *base, SIZE_T *size, ULONG kind);
NTSTATUS NTAPI NtQueryInformationProcess(HANDLE process, ULONG class, PVOID buffer, ULONG length, PULONG done);
NTSTATUS NTAPI NtTerminateProcess(HANDLE process, NTSTATUS status);

typedef struct {
    char *start;
    SIZE_T size, commit;
    char kind[16];
    DWORD protect;
    char backing[MAX_PATH];
} row;

static row rows[MOST_ROWS];
static unsigned count;
// The listing's drive, which the files are on.
static char drive[3];

static void fail(const char *what, const row *row, LONG status)
{
    fprintf(stderr, "%s", what);
    if (row)
        fprintf(stderr, " for %p-%p", row->start, row->start + row->size - 1);
    fprintf(stderr, ": %08lx\n", status);
    exit(1);
}

static void check(NTSTATUS status, const char *what, const row *row)
{
    if (status < 0)
        fail(what, row, status);
}

static DWORD protection(const char *name)
{
    static const struct { const char *name; DWORD value; } known[] = {
        {"NO_ACCESS", PAGE_NOACCESS}, {"READONLY", PAGE_READONLY}, {"READWRITE", PAGE_READWRITE}, {"WRITECOPY", PAGE_WRITECOPY},
        {"EXECUTE", PAGE_EXECUTE}, {"EXECUTE_READ", PAGE_EXECUTE_READ}, {"EXECUTE_READWRITE", PAGE_EXECUTE_READWRITE},
        {"EXECUTE_WRITECOPY", PAGE_EXECUTE_WRITECOPY},
    };
    for (unsigned i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(name, known[i].name))
            return known[i].value;
    return 0;
}

// Reads `line` into `into`; whether it is a row.
static int read_row(char *line, row *into)
{
    unsigned long start, end, commit;
    char what[64] = "", *backing;
    line[strcspn(line, "\r\n")] = 0;
    if (sscanf(line, "%*s\t%*d\t%lx\t%lx\t%lu\t%63[^\t]", &start, &end, &commit, what) != 4)
        return 0;
    backing = strrchr(line, '\t');
    char *space = strrchr(what, ' ');
    if (!space || end < start)
        return 0;
    *space = 0;
    into->start = (char *)(start * PAGE);
    into->size = (end - start + 1) * PAGE;
    into->commit = commit * PAGE;
    into->protect = protection(space + 1);
    strncpy(into->kind, what, sizeof into->kind - 1);
    strncpy(into->backing, backing + 1, sizeof into->backing - 1);
    return into->protect != 0;
}

static void read_listing(const char *path)
{
    char line[512], whole[MAX_PATH];
    FILE *listing = fopen(path, "r");
    if (!listing)
        fail(path, NULL, GetLastError());
    if (!GetFullPathNameA(path, sizeof whole, whole, NULL))
        fail(path, NULL, GetLastError());
    memcpy(drive, whole, 2);
    while (fgets(line, sizeof line, listing)) {
        if (*line == '#')
            continue;
        if (count == MOST_ROWS || !read_row(line, &rows[count]))
            fail(line, NULL, 0);
        count++;
    }
    fclose(listing);
}

static int is_image(const row *row)
{
    return !strcmp(row->kind, "Mapped Exe");
}

static int is_program(const row *row)
{
    const char *dot = strrchr(row->backing, '.');
    return is_image(row) && dot && !_stricmp(dot, ".exe");
}

// A block that the system makes lies at any page; a program's memory begins at a multiple of 64 KB.
static int is_system_block(const row *row)
{
    return !strcmp(row->kind, "Private") && ((DWORD)row->start & 0xFFFF) != 0;
}

// A section over the row's file.
static HANDLE file_section(const row *row)
{
    char path[MAX_PATH + 3];
    HANDLE section;
    sprintf(path, "%s%s", drive, row->backing);
    HANDLE file = CreateFileA(path, GENERIC_READ | GENERIC_EXECUTE, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        fail(path, row, GetLastError());
    check(NtCreateSection(&section, SECTION_ALL_ACCESS, NULL, NULL, is_image(row) ? PAGE_EXECUTE : PAGE_READONLY,
                          is_image(row) ? SEC_IMAGE : SEC_COMMIT, file), "no section", row);
    CloseHandle(file);
    return section;
}

// A section in the paging file, so much of which is committed as the row says.
static HANDLE paging_section(const row *row, SIZE_T *committed)
{
    HANDLE section;
    LARGE_INTEGER size = {.QuadPart = row->size};
    const char *said = strstr(row->backing, "0x");
    *committed = said ? strtoul(said, NULL, 16) * PAGE : row->size;
    ULONG kind = *committed < row->size ? SEC_RESERVE : SEC_COMMIT;
    check(NtCreateSection(&section, SECTION_ALL_ACCESS, NULL, &size, PAGE_EXECUTE_READWRITE, kind, NULL), "no section", row);
    return section;
}

static void map(HANDLE process, HANDLE section, const row *row)
{
    PVOID base = row->start;
    SIZE_T size = is_image(row) ? 0 : row->size;
    // An image's pages have protections of their own.
    ULONG protect = is_image(row) ? PAGE_READONLY : row->protect;
    check(NtMapViewOfSection(section, process, &base, 0, 0, NULL, &size, 2, 0, protect), "not mapped", row);
    if (base != row->start || size != row->size)
        fail("mapped otherwise", row, 0);
}

static void commit(HANDLE process, const row *row, SIZE_T size)
{
    if (size && !VirtualAllocEx(process, row->start, size, MEM_COMMIT, row->protect))
        fail("no commitment", row, GetLastError());
}

static void make_region(HANDLE process, const row *row)
{
    if (!strcmp(row->kind, "Private")) {
        if (!VirtualAllocEx(process, row->start, row->size, MEM_RESERVE, row->protect))
            fail("not reserved", row, GetLastError());
        commit(process, row, row->commit);
        return;
    }
    SIZE_T committed = 0;
    HANDLE section = *row->backing == '\\' ? file_section(row) : paging_section(row, &committed);
    map(process, section, row);
    if (committed < row->size)
        commit(process, row, committed);
    CloseHandle(section);
}

// A bare process of the row's image: no loader runs in it, and what the system has mapped beside the image goes.
static HANDLE make_process(const row *program)
{
    HANDLE process, section = file_section(program);
    MEMORY_BASIC_INFORMATION region;
    check(NtCreateProcessEx(&process, PROCESS_ALL_ACCESS, NULL, OWN_PROCESS, 0, section, NULL, NULL, 0), "no process", program);
    CloseHandle(section);
    for (char *at = 0; VirtualQueryEx(process, at, &region, sizeof region); at = (char *)region.BaseAddress + region.RegionSize)
        if (region.State != MEM_FREE && region.Type != MEM_PRIVATE && region.AllocationBase != program->start && at != (char *)0x7FFE0000)
            check(NtUnmapViewOfSection(process, region.AllocationBase), "not unmapped", program);
    return process;
}

static void release(HANDLE process, char *at, SIZE_T size)
{
    PVOID base = at;
    check(NtFreeVirtualMemory(process, &base, &size, MEM_RELEASE), "not released", NULL);
}

// Makes a thread whose block is the row's: it is the only place that is left for one.
static void make_thread(HANDLE process, const row *block, const row *stack)
{
    HANDLE thread;
    DWORD client[2];
    initial_stack where = {NULL, NULL, stack->start + stack->size, stack->start + stack->size - stack->commit, stack->start};
    CONTEXT context = {.ContextFlags = CONTEXT_FULL, .SegCs = 0x1B, .SegFs = 0x3B, .EFlags = 0x202};
    context.SegDs = context.SegEs = context.SegSs = 0x23;
    context.Esp = (DWORD)where.base - 4;
    release(process, block->start, block->size);
    check(NtCreateThread(&thread, THREAD_ALL_ACCESS, NULL, process, client, &context, &where, TRUE), "no thread", block);
    CloseHandle(thread);
}

// Makes a thread for each block of the listing but the process's own.
static void make_threads(HANDLE process)
{
    ULONG basic[6];
    MEMORY_BASIC_INFORMATION region;
    check(NtQueryInformationProcess(process, 0, basic, sizeof basic, NULL), "no PEB", NULL);
    char *peb = (char *)basic[1];
    if (!VirtualAllocEx(process, FIRST_BLOCK, peb - FIRST_BLOCK, MEM_RESERVE, PAGE_READWRITE))
        fail("not reserved", NULL, GetLastError());
    for (unsigned i = 0; i < count; i++)
        if (is_system_block(&rows[i]) && rows[i].start != peb)
            make_thread(process, &rows[i], &rows[0]);
    for (char *at = FIRST_BLOCK; at < peb; at = (char *)region.BaseAddress + region.RegionSize) {
        VirtualQueryEx(process, at, &region, sizeof region);
        if (region.State == MEM_RESERVE)
            release(process, at, region.RegionSize);
    }
}

int main(int argc, char **argv)
{
    const row *program = NULL;
    if (argc != 2) {
        fprintf(stderr, "regions LISTING\n");
        return 1;
    }
    read_listing(argv[1]);
    for (unsigned i = 0; i < count; i++)
        if (is_program(&rows[i]))
            program = &rows[i];
    if (!program)
        fail("no program in the listing", NULL, 0);
    HANDLE process = make_process(program);
    make_threads(process);
    for (unsigned i = 0; i < count; i++)
        if (&rows[i] != program && !is_system_block(&rows[i]))
            make_region(process, &rows[i]);
    printf("process %lu has %u regions\n", GetProcessId(process), count);
    fflush(stdout);
    DebugBreak();
    check(NtTerminateProcess(process, 0), "it does not end", NULL);
    return 0;
}
