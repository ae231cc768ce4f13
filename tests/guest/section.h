// Sections, for their tests.
#ifndef SECTION_H
#define SECTION_H

#include "process.h"

NTSTATUS NTAPI NtCreateSection(HANDLE *section, ACCESS_MASK access, PVOID attributes, LARGE_INTEGER *size, ULONG protect, ULONG kind, HANDLE file);
NTSTATUS NTAPI NtMapViewOfSection(HANDLE section, HANDLE process, PVOID *base, ULONG zero_bits, SIZE_T commit, LARGE_INTEGER *offset, SIZE_T *size, ULONG inherit, ULONG type, ULONG protect);
NTSTATUS NTAPI NtQuerySection(HANDLE section, ULONG class, PVOID buffer, SIZE_T length, SIZE_T *done);
NTSTATUS NTAPI NtExtendSection(HANDLE section, LARGE_INTEGER *size);
NTSTATUS NTAPI NtAreMappedFilesTheSame(PVOID one, PVOID other);
NTSTATUS NTAPI NtFlushVirtualMemory(HANDLE process, PVOID *base, SIZE_T *size, PVOID block);

enum {
    VIEW_SHARE = 1,
    VIEW_UNMAP = 2,
    BAD_VIEW_SIZE = (int)0xC000001F,
    NO_FILE_FOR_SECTION = (int)0xC0000020,
    COMMITTED_ALREADY = (int)0xC0000021,
    ACCESS_REFUSED = (int)0xC0000022,
    WRONG_TYPE = (int)0xC0000024,
    TOO_BIG = (int)0xC0000040,
    NO_IMAGE = (int)0xC0000049,
    MORE_THAN_SECTION = (int)0xC000004E,
    NOT_EXTENDED = (int)0xC0000087,
    NO_FILE_DATA = (int)0xC0000088,
    OTHER_FILE = (int)0xC00000D4,
    PARAMETER_10 = (int)0xC00000F8,
    EMPTY_FILE = (int)0xC000011E,
    NOTHING_THERE = (int)0xC0000141,
    BAD_ALIGNMENT = (int)0xC0000220,
};

// A section of memory that allows this, and may be mapped in every way.
static inline NTSTATUS create_section(HANDLE *section, LONGLONG bytes, ULONG protect, ULONG kind)
{
    LARGE_INTEGER size = {.QuadPart = bytes};
    return NtCreateSection(section, SECTION_ALL_ACCESS, NULL, &size, protect, kind, NULL);
}

static inline HANDLE section_of(DWORD bytes, ULONG protect, ULONG kind)
{
    HANDLE section = NULL;
    EXPECT_EQUAL(create_section(&section, bytes, protect, kind), SUCCESS);
    return section;
}

// Maps all of a section anywhere.
static inline char *view_of(HANDLE section, ULONG protect)
{
    PVOID base = NULL;
    SIZE_T size = 0;
    EXPECT_EQUAL(NtMapViewOfSection(section, OWN_PROCESS, &base, 0, 0, NULL, &size, VIEW_UNMAP, 0, protect), SUCCESS);
    return base;
}

#endif
