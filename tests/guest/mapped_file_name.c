// GetMappedFileName: the file behind a view of data and of an image, and the last errors where there is none.
// expect: exit 0
// cc: -lpsapi
#include "section_file.h"
#define PSAPI_VERSION 1
#include <psapi.h>

// The end of a path, and the device before it.
static void expect_name(int line, const char *name, DWORD length, const char *end)
{
    DWORD count = length_of(end);
    expect_word(line, "whether it is long enough", length > count + 8, 1);
    expect_word(line, "end of the name", (DWORD)lstrcmpiA(name + length - count, end), 0);
    expect_word(line, "first character", (DWORD)name[0], '\\');
}

static void test(void)
{
    char name[MAX_PATH], *private = commit(PAGE);
    WCHAR wide[MAX_PATH];
    HANDLE self = GetCurrentProcess(), file = open_file(SOME_FILE, GENERIC_READ), section = NULL;
    EXPECT_EQUAL(create_file_section(&section, file, 0, PAGE_READONLY, SEC_COMMIT), SUCCESS);
    char *view = view_of(section, PAGE_READONLY);
    DWORD length = GetMappedFileNameA(self, view + 0x1234, name, sizeof name);
    expect_name(__LINE__, name, length, "\\system32\\ntdll.dll");
    EXPECT_EQUAL(GetMappedFileNameW(self, view, wide, MAX_PATH), length);
    EXPECT(wide[0] == '\\' && wide[length - 1] == (WCHAR)name[length - 1] && wide[length] == 0);
    // The image of the file has the same name.
    EXPECT_EQUAL(GetMappedFileNameA(self, GetModuleHandleA("ntdll"), name, sizeof name), length);
    expect_name(__LINE__, name, length, "\\system32\\ntdll.dll");
    // The file may be closed, and the section.
    EXPECT(CloseHandle(section) && CloseHandle(file));
    EXPECT_EQUAL(GetMappedFileNameA(self, view, name, sizeof name), length);
    EXPECT(UnmapViewOfFile(view));
    EXPECT_ERROR(GetMappedFileNameA(self, view, name, sizeof name), ERROR_UNEXP_NET_ERR);
    EXPECT_ERROR(GetMappedFileNameA(self, private, name, sizeof name), ERROR_UNEXP_NET_ERR);
    EXPECT_ERROR(GetMappedFileNameA(self, NULL, name, sizeof name), ERROR_UNEXP_NET_ERR);
    EXPECT_ERROR(GetMappedFileNameA(self, (PVOID)0x80000000, name, sizeof name), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(GetMappedFileNameA(NULL, private, name, sizeof name), ERROR_INVALID_HANDLE);
    // Memory that is shared has no file.
    HANDLE memory = section_of(PAGE, PAGE_READWRITE, SEC_COMMIT);
    EXPECT_ERROR(GetMappedFileNameA(self, view_of(memory, PAGE_READWRITE), name, sizeof name), ERROR_FILE_INVALID);
    HANDLE little = OpenProcess(PROCESS_VM_READ, FALSE, GetCurrentProcessId());
    EXPECT_ERROR(GetMappedFileNameA(little, private, name, sizeof name), ERROR_ACCESS_DENIED);
    EXPECT(CloseHandle(little) && CloseHandle(memory));
}
