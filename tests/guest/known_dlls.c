// The DLLs that every process may map are found by name, and nothing else is.
// expect: exit 0
#include "test.h"

NTSTATUS NTAPI NtOpenSection(PHANDLE handle, ULONG access, PVOID object);
NTSTATUS NTAPI NtMapViewOfSection(HANDLE section, HANDLE process, PVOID *base, ULONG zero_bits, SIZE_T commit, PVOID offset, SIZE_T *size, ULONG inherit, ULONG type, ULONG protect);

static NTSTATUS open(const char *text, HANDLE *handle)
{
    WORD units[100];
    DWORD count = length_of(text);
    for (DWORD index = 0; index < count; index++)
        units[index] = (BYTE)text[index];
    struct { WORD length, maximum; WORD *text; } name = {(WORD)(count * 2), (WORD)(count * 2), units};
    DWORD object[6] = {24, 0, (DWORD)&name, 0x40};
    return NtOpenSection(handle, SECTION_MAP_READ | SECTION_MAP_EXECUTE, object);
}

static void test(void)
{
    HANDLE section = NULL;
    DWORD object[6] = {24};
    EXPECT_EQUAL(open("\\KnownDlls\\KERNEL32.dll", &section), SUCCESS);
    PVOID base = NULL;
    SIZE_T size = 0;
    EXPECT_EQUAL(NtMapViewOfSection(section, OWN_PROCESS, &base, 0, 0, NULL, &size, 1, 0, PAGE_READONLY), IMAGE_NOT_AT_BASE);
    EXPECT(base != GetModuleHandleA("kernel32") && read_word((DWORD)base) == read_word((DWORD)GetModuleHandleA("kernel32")));
    EXPECT_EQUAL(NtUnmapViewOfSection(OWN_PROCESS, base), SUCCESS);
    EXPECT_EQUAL(NtClose(section), SUCCESS);
    EXPECT_EQUAL(open("\\KnownDlls\\nosuch.dll", &section), NAME_NOT_FOUND);
    EXPECT_EQUAL(open("\\KnownDlls\\kernel32", &section), NAME_NOT_FOUND);
    EXPECT_EQUAL(open("\\NoSuchDirectory\\kernel32.dll", &section), (NTSTATUS)0xC000003A);
    EXPECT_EQUAL(open("kernel32.dll", &section), (NTSTATUS)0xC000003B);
    EXPECT_EQUAL(NtOpenSection(&section, SECTION_MAP_READ, object), (NTSTATUS)0xC000003B); // no name at all
    EXPECT_EQUAL(NtOpenSection(&section, SECTION_MAP_READ, NULL), BAD_PARAMETER);
    EXPECT_EQUAL(NtOpenSection(NULL, SECTION_MAP_READ, object), VIOLATION);
    // kernel32 was bound when it was built: its import address table says so, and is nobody's own copy.
    DWORD kernel32 = (DWORD)GetModuleHandleA("kernel32"), headers = kernel32 + read_word(kernel32 + 0x3C);
    DWORD bound = kernel32 + read_word(headers + 0xD0), ntdll = (DWORD)GetModuleHandleA("ntdll");
    EXPECT(bound != kernel32);
    EXPECT_EQUAL(read_word(bound), read_word(ntdll + read_word(ntdll + 0x3C) + 8));
    DWORD descriptor = kernel32 + read_word(headers + 0x80);
    EXPECT_EQUAL(read_word(descriptor + 4), 0xFFFFFFFF);
    DWORD index = 0, names = kernel32 + read_word(descriptor), addresses = kernel32 + read_word(descriptor + 16);
    for (; read_word(names + 4 * index) != 0; index++)
        EXPECT_EQUAL(read_word(addresses + 4 * index), GetProcAddress((HMODULE)ntdll, (LPCSTR)(kernel32 + read_word(names + 4 * index) + 2)));
    EXPECT(index > 20);
}
