// Sections of files, for their tests.
#ifndef SECTION_FILE_H
#define SECTION_FILE_H

#include "section.h"

// A file that is always there, more than 64 KB and not a whole number of pages long.
#define SOME_FILE "C:\\WINDOWS\\system32\\ntdll.dll"
// A larger one.
#define LARGE_FILE "C:\\WINDOWS\\system32\\kernel32.dll"

static inline HANDLE open_file(const char *name, DWORD access)
{
    HANDLE file = CreateFileA(name, access, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    EXPECT(file != INVALID_HANDLE_VALUE);
    return file;
}

static inline NTSTATUS create_file_section(HANDLE *section, HANDLE file, LONGLONG bytes, ULONG protect, ULONG kind)
{
    LARGE_INTEGER size = {.QuadPart = bytes};
    return NtCreateSection(section, SECTION_ALL_ACCESS, NULL, &size, protect, kind, file);
}

static inline NTSTATUS map_part(HANDLE section, PVOID *base, LONGLONG at, SIZE_T *size, ULONG protect)
{
    LARGE_INTEGER offset = {.QuadPart = at};
    return NtMapViewOfSection(section, OWN_PROCESS, base, 0, 0, &offset, size, VIEW_UNMAP, 0, protect);
}

// The pages of a size, in bytes.
static inline DWORD pages(DWORD bytes)
{
    return (bytes + PAGE - 1) & ~(PAGE - 1);
}

#endif
