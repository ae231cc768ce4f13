// Every refusal of the services that make, map, extend and flush sections of files, with its status.
// expect: exit 0
#include "section_file.h"

static void creating(HANDLE file, DWORD size)
{
    HANDLE handle = (HANDLE)0x1234, directory = CreateFileA("C:\\WINDOWS", GENERIC_READ, 3, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL), nothing = open_file(SOME_FILE, FILE_READ_ATTRIBUTES | SYNCHRONIZE);
    HANDLE code = open_file(SOME_FILE, FILE_EXECUTE | SYNCHRONIZE);
    const struct { int line; NTSTATUS status; HANDLE file; LONGLONG size; ULONG protect, kind; } rows[] = {
        {__LINE__, BAD_HANDLE, (HANDLE)0x7777, 0, PAGE_READONLY, SEC_COMMIT},
        {__LINE__, WRONG_TYPE, event, 0, PAGE_READONLY, SEC_COMMIT},
        {__LINE__, NO_FILE_FOR_SECTION, directory, 0, PAGE_READONLY, SEC_COMMIT},
        {__LINE__, NO_FILE_FOR_SECTION, GetStdHandle(STD_INPUT_HANDLE), 0, PAGE_READONLY, SEC_COMMIT},
        {__LINE__, ACCESS_REFUSED, GetStdHandle(STD_OUTPUT_HANDLE), 0, PAGE_READONLY, SEC_COMMIT},
        {__LINE__, ACCESS_REFUSED, nothing, 0, PAGE_READONLY, SEC_COMMIT},
        {__LINE__, ACCESS_REFUSED, nothing, 0, PAGE_EXECUTE, SEC_COMMIT},
        {__LINE__, ACCESS_REFUSED, file, 0, PAGE_READWRITE, SEC_COMMIT},
        {__LINE__, ACCESS_REFUSED, file, 0, PAGE_EXECUTE, SEC_COMMIT},
        {__LINE__, ACCESS_REFUSED, file, 0, PAGE_EXECUTE_READ, SEC_COMMIT},
        {__LINE__, ACCESS_REFUSED, file, 0, PAGE_EXECUTE_WRITECOPY, SEC_COMMIT},
        {__LINE__, ACCESS_REFUSED, code, 0, PAGE_READONLY, SEC_COMMIT},
        {__LINE__, ACCESS_REFUSED, code, 0, PAGE_EXECUTE_READ, SEC_IMAGE},
        {__LINE__, TOO_BIG, file, size + 1, PAGE_READONLY, SEC_COMMIT},
        {__LINE__, TOO_BIG, file, size + 1, PAGE_WRITECOPY, SEC_COMMIT},
        {__LINE__, TOO_BIG, file, -1, PAGE_READONLY, SEC_COMMIT},
        {__LINE__, BAD_PROTECTION, file, 0, PAGE_READONLY | PAGE_NOCACHE, SEC_COMMIT},
        {__LINE__, BAD_PROTECTION, file, 0, PAGE_NOACCESS, SEC_COMMIT},
        {__LINE__, PARAMETER_6, file, 0, PAGE_READONLY, 0},
    };
    for (DWORD row = 0; row < sizeof rows / sizeof *rows; row++)
        expect_word(rows[row].line, "status", (DWORD)create_file_section(&handle, rows[row].file, rows[row].size, rows[row].protect, rows[row].kind), (DWORD)rows[row].status);
    EXPECT_EQUAL(handle, 0x1234);
    EXPECT_EQUAL(create_file_section(&handle, code, 0, PAGE_EXECUTE, SEC_COMMIT), SUCCESS);
    EXPECT(CloseHandle(handle) && CloseHandle(code) && CloseHandle(nothing) && CloseHandle(event) && CloseHandle(directory));
    EXPECT_ERROR(CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL), ERROR_ACCESS_DENIED);
    EXPECT_ERROR(CreateFileMappingA(file, NULL, PAGE_READONLY, 1, 0, NULL), ERROR_NOT_ENOUGH_MEMORY);
}

static void mapping(HANDLE section, DWORD size)
{
    const struct { int line; NTSTATUS status; LONGLONG at; SIZE_T size; ULONG protect; } rows[] = {
        {__LINE__, MORE_THAN_SECTION, 0, 0, PAGE_READWRITE},
        {__LINE__, MORE_THAN_SECTION, 0, 0, PAGE_EXECUTE_READ},
        {__LINE__, MORE_THAN_SECTION, 0, 0, PAGE_EXECUTE_WRITECOPY},
        {__LINE__, BAD_VIEW_SIZE, 0, size + 1, PAGE_READONLY},
        {__LINE__, BAD_VIEW_SIZE, 0x10000, size - 0xFFFF, PAGE_READONLY},
        {__LINE__, BAD_VIEW_SIZE, (LONGLONG)1 << 40, 0, PAGE_READONLY},
        {__LINE__, BAD_VIEW_SIZE, (size + 0xFFFF) & ~0xFFFFu, 0, PAGE_READONLY},
        {__LINE__, BAD_ALIGNMENT, PAGE, 0, PAGE_READONLY},
    };
    for (DWORD row = 0; row < sizeof rows / sizeof *rows; row++) {
        PVOID base = NULL;
        SIZE_T bytes = rows[row].size;
        expect_word(rows[row].line, "status", (DWORD)map_part(section, &base, rows[row].at, &bytes, rows[row].protect), (DWORD)rows[row].status);
        expect_word(rows[row].line, "base", (DWORD)base, 0);
    }
    PVOID base = NULL;
    SIZE_T bytes = size - 0x10000;
    EXPECT_EQUAL(map_part(section, &base, 0x10000, &bytes, PAGE_WRITECOPY), SUCCESS);
    EXPECT_EQUAL(bytes, pages(size) - 0x10000);
    EXPECT_EQUAL(allocate_at(base, PAGE, MEM_COMMIT, PAGE_READONLY), COMMITTED_ALREADY);
    EXPECT_EQUAL(free_at(base, 0, MEM_RELEASE), SECTION_MEMORY);
    EXPECT_EQUAL(protect_at(base, PAGE, PAGE_EXECUTE_READ), MORE_THAN_SECTION);
    EXPECT_EQUAL(NtUnmapViewOfSection(OWN_PROCESS, base), SUCCESS);
}

static void querying(HANDLE section, DWORD size)
{
    struct { PVOID base; ULONG kind; LARGE_INTEGER size; } basic;
    BYTE image[0x30];
    EXPECT_EQUAL(NtQuerySection(section, 0, &basic, sizeof basic, NULL), SUCCESS);
    EXPECT(basic.base == NULL && basic.kind == SEC_FILE && basic.size.QuadPart == size);
    EXPECT_EQUAL(NtQuerySection(section, 1, image, sizeof image, NULL), NO_IMAGE);
}

static void extending(HANDLE section, DWORD size)
{
    LARGE_INTEGER wanted = {.QuadPart = size + 1};
    EXPECT_EQUAL(NtExtendSection(section, &wanted), NOT_EXTENDED);
    wanted.QuadPart = PAGE;
    EXPECT_EQUAL(NtExtendSection(section, &wanted), SUCCESS);
    EXPECT(wanted.QuadPart == size);
    HANDLE less;
    EXPECT(DuplicateHandle(OWN_PROCESS, section, OWN_PROCESS, &less, SECTION_MAP_READ, FALSE, 0));
    EXPECT_EQUAL(NtExtendSection(less, &wanted), ACCESS_REFUSED);
    EXPECT(CloseHandle(less));
}

static void flushing(HANDLE section, DWORD size)
{
    char *view = view_of(section, PAGE_READONLY);
    const struct { int line; NTSTATUS status; DWORD at, size, start, bytes; } rows[] = {
        {__LINE__, SUCCESS, 0, PAGE, 0, PAGE},
        {__LINE__, SUCCESS, 1, PAGE, 0, 2 * PAGE},
        {__LINE__, SUCCESS, 0x10FFF, 1, 0x10000, PAGE},
        {__LINE__, SUCCESS, 0x10000, 0, 0x10000, pages(size) - 0x10000},
        {__LINE__, SUCCESS, 0, pages(size), 0, pages(size)},
        {__LINE__, BAD_VIEW_SIZE, 0, pages(size) + 1, 0, pages(size) + 1},
        {__LINE__, NO_VIEW, (pages(size) + 0xFFFF) & ~0xFFFFu, 1, (pages(size) + 0xFFFF) & ~0xFFFFu, 1},
    };
    for (DWORD row = 0; row < sizeof rows / sizeof *rows; row++) {
        PVOID base = view + rows[row].at;
        SIZE_T bytes = rows[row].size;
        ULONG block[2] = {1, 1};
        expect_word(rows[row].line, "status", (DWORD)NtFlushVirtualMemory(OWN_PROCESS, &base, &bytes, block), (DWORD)rows[row].status);
        expect_word(rows[row].line, "base", (DWORD)base, (DWORD)view + rows[row].start);
        expect_word(rows[row].line, "size", bytes, rows[row].bytes);
        expect_word(rows[row].line, "block", block[0], rows[row].status == SUCCESS ? 0 : 1);
    }
    PVOID image = GetModuleHandleA("ntdll");
    SIZE_T bytes = PAGE;
    ULONG block[2];
    EXPECT_EQUAL(NtFlushVirtualMemory(OWN_PROCESS, &image, &bytes, block), NO_FILE_DATA);
    EXPECT_EQUAL(NtUnmapViewOfSection(OWN_PROCESS, view), SUCCESS);
}

static void test(void)
{
    HANDLE file = open_file(SOME_FILE, GENERIC_READ), section = NULL;
    DWORD size = GetFileSize(file, NULL);
    creating(file, size);
    EXPECT_EQUAL(create_file_section(&section, file, 0, PAGE_READONLY, SEC_COMMIT), SUCCESS);
    mapping(section, size);
    querying(section, size);
    extending(section, size);
    flushing(section, size);
    EXPECT(CloseHandle(section));
    // A section of a part of the file ends with that part, whatever the file has.
    EXPECT_EQUAL(create_file_section(&section, file, 0x10001, PAGE_READONLY, SEC_COMMIT), SUCCESS);
    mapping(section, 0x10001);
    querying(section, 0x10001);
    LARGE_INTEGER wanted = {.QuadPart = 0x12000};
    EXPECT_EQUAL(NtExtendSection(section, &wanted), SUCCESS);
    EXPECT(wanted.QuadPart == 0x12000);
    mapping(section, 0x12000);
    EXPECT(CloseHandle(section) && CloseHandle(file));
}
