// Sections of files, for their tests.
#ifndef SECTION_FILE_H
#define SECTION_FILE_H

#include "section.h"

// A file that is always there, more than 64 KB long.
#define SOME_FILE "C:\\WINDOWS\\system32\\ntdll.dll"
// A larger one that a test makes: it ends within a sector.
#define LARGE_FILE "C:\\large.bin"
#define LARGE_SIZE 250001

static inline void make_large_file(void)
{
    char bytes[0x1000];
    HANDLE file = CreateFileA(LARGE_FILE, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    EXPECT(file != INVALID_HANDLE_VALUE);
    for (DWORD at = 0, done; at < LARGE_SIZE; at += done) {
        DWORD count = LARGE_SIZE - at < sizeof bytes ? LARGE_SIZE - at : sizeof bytes;
        for (DWORD index = 0; index < count; index++)
            bytes[index] = (char)((at + index) * 7 + (at + index) / 251);
        if (!WriteFile(file, bytes, count, &done, NULL) || done != count) {
            EXPECT(FALSE);
            break;
        }
    }
    EXPECT(CloseHandle(file));
}

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
