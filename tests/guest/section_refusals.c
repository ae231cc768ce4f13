// Every refusal of the services that make, map, unmap, extend and flush sections of memory, with its status.
// expect: exit 0
#include "section.h"

static void creating(void)
{
    HANDLE handle = (HANDLE)0x1234;
    static const ULONG kinds[] = {0, SEC_COMMIT | SEC_RESERVE, SEC_COMMIT | 1, SEC_IMAGE | SEC_COMMIT, SEC_IMAGE | SEC_NOCACHE, 0x80000000 | SEC_COMMIT};
    for (DWORD index = 0; index < sizeof kinds / sizeof *kinds; index++)
        EXPECT_EQUAL(create_section(&handle, PAGE, PAGE_READWRITE, kinds[index]), PARAMETER_6);
    static const ULONG protections[] = {0, PAGE_NOACCESS, PAGE_READWRITE | PAGE_GUARD, PAGE_READWRITE | PAGE_NOCACHE, PAGE_READWRITE | PAGE_WRITECOMBINE, 6, 0x1000};
    for (DWORD index = 0; index < sizeof protections / sizeof *protections; index++)
        EXPECT_EQUAL(create_section(&handle, PAGE, protections[index], SEC_COMMIT), BAD_PROTECTION);
    EXPECT_EQUAL(create_section(&handle, 0, PAGE_READWRITE, SEC_COMMIT), PARAMETER_4);
    EXPECT_EQUAL(NtCreateSection(&handle, SECTION_ALL_ACCESS, NULL, NULL, PAGE_READWRITE, SEC_COMMIT, NULL), PARAMETER_4);
    EXPECT_EQUAL(create_section(&handle, -1, PAGE_READWRITE, SEC_COMMIT), TOO_BIG);
    EXPECT_EQUAL(create_section(&handle, 0x100000000000, PAGE_READWRITE, SEC_RESERVE), TOO_BIG);
    EXPECT_EQUAL(create_section(&handle, 0x1000000000, PAGE_READWRITE, SEC_COMMIT), NO_COMMITMENT);
    EXPECT_EQUAL(NtCreateSection(&handle, SECTION_ALL_ACCESS, NULL, NULL, PAGE_READONLY, SEC_IMAGE, NULL), NO_FILE_FOR_SECTION);
    LARGE_INTEGER size = {.QuadPart = PAGE};
    EXPECT_EQUAL(NtCreateSection(&handle, SECTION_ALL_ACCESS, NULL, (PVOID)0x80000000, PAGE_READWRITE, SEC_COMMIT, NULL), VIOLATION);
    EXPECT_EQUAL(NtCreateSection((HANDLE *)0x7FFF0000, SECTION_ALL_ACCESS, NULL, &size, PAGE_READWRITE, SEC_COMMIT, NULL), VIOLATION);
    EXPECT_EQUAL(NtCreateSection(NULL, SECTION_ALL_ACCESS, NULL, &size, PAGE_READWRITE, SEC_COMMIT, NULL), VIOLATION);
    EXPECT_EQUAL(NtCreateSection(&handle, SECTION_ALL_ACCESS, (PVOID)0xC0000000, &size, PAGE_READWRITE, SEC_COMMIT, NULL), VIOLATION);
    ULONG attributes[6] = {0x17};
    EXPECT_EQUAL(NtCreateSection(&handle, SECTION_ALL_ACCESS, attributes, &size, PAGE_READWRITE, SEC_COMMIT, NULL), BAD_PARAMETER);
    EXPECT_EQUAL(handle, 0x1234);
}

struct request {
    int line;
    NTSTATUS status;
    DWORD base, zero_bits, commit, size, inherit, type, protect;
    LONGLONG offset;
};

static void mapping(HANDLE section, char *taken)
{
    const struct request rows[] = {
        {__LINE__, PARAMETER_8, 0, 0, 0, 0, 0, 0, PAGE_READONLY, 0},
        {__LINE__, PARAMETER_8, 0, 0, 0, 0, 3, 0, PAGE_READONLY, 0},
        {__LINE__, PARAMETER_9, 0, 0, 0, 0, 2, MEM_COMMIT, PAGE_READONLY, 0},
        {__LINE__, PARAMETER_9, 0, 0, 0, 0, 2, MEM_RESERVE, PAGE_READONLY, 0},
        {__LINE__, BAD_PROTECTION, 0, 0, 0, 0, 2, 0, 0, 0},
        {__LINE__, BAD_PROTECTION, 0, 0, 0, 0, 2, 0, PAGE_NOACCESS | PAGE_GUARD, 0},
        {__LINE__, PARAMETER_3, 0x7FFE0000, 0, 0, 0, 2, 0, PAGE_READONLY, 0},
        {__LINE__, PARAMETER_3, 0x7FFD0000, 0, 0, 0x20000, 2, 0, PAGE_READONLY, 0},
        {__LINE__, PARAMETER_4, 0, 22, 0, 0, 2, 0, PAGE_READONLY, 0},
        {__LINE__, PARAMETER_4, 0x100000, 12, 0, 0x1000, 2, 0, PAGE_READONLY, 0},
        {__LINE__, BAD_ALIGNMENT, 0x101000, 0, 0, 0, 2, 0, PAGE_READONLY, 0},
        {__LINE__, BAD_ALIGNMENT, 0, 0, 0, 0, 2, 0, PAGE_READONLY, 0x1000},
        {__LINE__, MORE_THAN_SECTION, 0, 0, 0, 0, 2, 0, PAGE_READWRITE, 0},
        {__LINE__, MORE_THAN_SECTION, 0, 0, 0, 0, 2, 0, PAGE_EXECUTE_READ, 0},
        {__LINE__, BAD_VIEW_SIZE, 0, 0, 0, 0, 2, 0, PAGE_READONLY, 0x20000},
        {__LINE__, BAD_VIEW_SIZE, 0, 0, 0, 0x10001, 2, 0, PAGE_READONLY, 0x10000},
        {__LINE__, BAD_VIEW_SIZE, 0, 0, 0, 0, 2, 0, PAGE_READONLY, 0x7FFFFFFFFFFF0000},
        {__LINE__, BAD_VIEW_SIZE, 0, 0, 0, 0, 2, 0, PAGE_READONLY, -0x10000},
        {__LINE__, PARAMETER_5, 0, 0, 0x1001, 0x1000, 2, 0, PAGE_READONLY, 0},
        {__LINE__, PARAMETER_10, 0, 0, 0, 0, 2, 0, PAGE_READONLY | PAGE_WRITECOMBINE, 0},
        {__LINE__, CONFLICT, (DWORD)taken, 0, 0, 0, 2, 0, PAGE_READONLY, 0},
        {__LINE__, NO_MEMORY_LEFT, 0, 15, 0, 0, 2, 0, PAGE_READONLY, 0},
    };
    for (DWORD row = 0; row < sizeof rows / sizeof *rows; row++) {
        PVOID base = (PVOID)rows[row].base;
        SIZE_T size = rows[row].size;
        LARGE_INTEGER offset = {.QuadPart = rows[row].offset};
        NTSTATUS status = NtMapViewOfSection(section, OWN_PROCESS, &base, rows[row].zero_bits, rows[row].commit, &offset, &size, rows[row].inherit, rows[row].type, rows[row].protect);
        expect_word(rows[row].line, "status", (DWORD)status, (DWORD)rows[row].status);
        expect_word(rows[row].line, "base", (DWORD)base, rows[row].base);
        expect_word(rows[row].line, "size", size, rows[row].size);
    }
}

// A handle that allows less than the view.
static void rights(void)
{
    static const struct { ACCESS_MASK access; ULONG protect; NTSTATUS status; } rows[] = {
        {SECTION_MAP_READ, PAGE_READONLY, SUCCESS},
        {SECTION_MAP_READ, PAGE_WRITECOPY, SUCCESS},
        {SECTION_MAP_READ, PAGE_READWRITE, ACCESS_REFUSED},
        {SECTION_MAP_READ, PAGE_EXECUTE_READ, ACCESS_REFUSED},
        {SECTION_MAP_WRITE, PAGE_READWRITE, SUCCESS},
        {SECTION_MAP_WRITE, PAGE_READONLY, ACCESS_REFUSED},
        {SECTION_MAP_EXECUTE | SECTION_MAP_WRITE, PAGE_EXECUTE_READWRITE, SUCCESS},
        {SECTION_MAP_EXECUTE, PAGE_EXECUTE_READ, ACCESS_REFUSED},
        {SECTION_QUERY, PAGE_NOACCESS, ACCESS_REFUSED},
    };
    for (DWORD row = 0; row < sizeof rows / sizeof *rows; row++) {
        HANDLE section = NULL;
        LARGE_INTEGER bytes = {.QuadPart = PAGE};
        EXPECT_EQUAL(NtCreateSection(&section, rows[row].access, NULL, &bytes, PAGE_EXECUTE_READWRITE, SEC_COMMIT, NULL), SUCCESS);
        PVOID base = NULL;
        SIZE_T size = 0;
        EXPECT_EQUAL(NtMapViewOfSection(section, OWN_PROCESS, &base, 0, 0, NULL, &size, VIEW_UNMAP, 0, rows[row].protect), rows[row].status);
        if (rows[row].status == SUCCESS)
            EXPECT_EQUAL(NtUnmapViewOfSection(OWN_PROCESS, base), SUCCESS);
        LARGE_INTEGER longer = {.QuadPart = 2 * PAGE};
        EXPECT_EQUAL(NtExtendSection(section, &longer), ACCESS_REFUSED);
        EXPECT(CloseHandle(section));
    }
}

static void others(HANDLE section, char *view)
{
    LARGE_INTEGER longer = {.QuadPart = 0x40000};
    EXPECT_EQUAL(NtExtendSection(section, &longer), NOT_EXTENDED);
    EXPECT_EQUAL(NtExtendSection(section, (PVOID)0x80000000), VIOLATION);
    EXPECT_EQUAL(NtExtendSection((HANDLE)0x7777, &longer), BAD_HANDLE);
    PVOID base = view, private = commit(PAGE), nothing = free_range(PAGE);
    SIZE_T size = PAGE;
    ULONG block[2];
    EXPECT_EQUAL(NtFlushVirtualMemory(OWN_PROCESS, &base, &size, block), NO_FILE_DATA);
    EXPECT_EQUAL(NtFlushVirtualMemory(OWN_PROCESS, &private, &size, block), NO_VIEW);
    EXPECT_EQUAL(NtFlushVirtualMemory(OWN_PROCESS, &nothing, &size, block), NO_VIEW);
    EXPECT_EQUAL(NtFlushVirtualMemory(OWN_PROCESS, &base, &size, (PVOID)0x80000000), VIOLATION);
    EXPECT_EQUAL(NtUnmapViewOfSection(OWN_PROCESS, private), NO_VIEW);
    EXPECT_EQUAL(NtUnmapViewOfSection(OWN_PROCESS, nothing), NO_VIEW);
    EXPECT_EQUAL(free_at(view, 0, MEM_RELEASE), SECTION_MEMORY);
    EXPECT_EQUAL(free_at(view, PAGE, MEM_DECOMMIT), SECTION_MEMORY);
    EXPECT_EQUAL(protect_at(view, PAGE, PAGE_READWRITE), MORE_THAN_SECTION);
    EXPECT_EQUAL(protect_at(view, PAGE, PAGE_READONLY | PAGE_NOCACHE), PARAMETER_4);
    EXPECT_EQUAL(allocate_at(view, PAGE, MEM_COMMIT, PAGE_READWRITE), MORE_THAN_SECTION);
    EXPECT_EQUAL(allocate_at(view, PAGE, MEM_COMMIT, PAGE_READONLY | PAGE_NOCACHE), BAD_PROTECTION);
    EXPECT_EQUAL(allocate_at(view, PAGE, MEM_COMMIT, PAGE_READONLY), SUCCESS);
    EXPECT_EQUAL(allocate_at(view, PAGE, MEM_RESERVE, PAGE_READONLY), CONFLICT);
    EXPECT_EQUAL(NtUnmapViewOfSection(OWN_PROCESS, view + 0x1FFFF), SUCCESS); // any address of it will do
    EXPECT_EQUAL(NtUnmapViewOfSection(OWN_PROCESS, view), NO_VIEW);
}

// What is no image is none to NtQuerySection either.
static void querying(HANDLE section)
{
    struct { PVOID base; ULONG kind; LARGE_INTEGER size; } basic;
    BYTE image[0x30];
    SIZE_T done = 0;
    EXPECT_EQUAL(NtQuerySection(section, 0, &basic, sizeof basic, &done), SUCCESS);
    EXPECT(basic.base == NULL && basic.kind == SEC_COMMIT && basic.size.QuadPart == 0x20000 && done == sizeof basic);
    EXPECT_EQUAL(NtQuerySection(section, 0, &basic, sizeof basic - 1, NULL), LENGTH_MISMATCH);
    EXPECT_EQUAL(NtQuerySection(section, 1, image, sizeof image, NULL), NO_IMAGE);
    EXPECT_EQUAL(NtQuerySection(section, 2, image, sizeof image, NULL), BAD_INFO_CLASS);
    EXPECT_EQUAL(NtQuerySection(section, 0, (PVOID)0x80000000, sizeof basic, NULL), VIOLATION);
}

static void test(void)
{
    creating();
    HANDLE section = section_of(0x1FFFF, PAGE_READONLY, SEC_COMMIT);
    char *taken = reserve(PAGE);
    mapping(section, taken);
    rights();
    querying(section);
    others(section, view_of(section, PAGE_READONLY));
    EXPECT(CloseHandle(section));
}
