// Null and kernel pointers in the pointer arguments of the section services are refused, and so are made-up handles.
// expect: exit 0
#include "test.h"

NTSTATUS NTAPI NtMapViewOfSection(HANDLE section, HANDLE process, PVOID *base, ULONG zero_bits, SIZE_T commit, PVOID offset, SIZE_T *size, ULONG inherit, ULONG type, ULONG protect);

static void test(void)
{
    static const DWORD hostile[] = {0, 0x1000, 0x7FFF0000, 0x80000000, 0x80100000, 0xC0000000, 0xFFFFFFFC};
    PVOID base = NULL;
    SIZE_T size = 0;
    for (DWORD index = 0; index < sizeof hostile / sizeof *hostile; index++) {
        PVOID pointer = (PVOID)hostile[index];
        EXPECT_EQUAL(NtMapViewOfSection((HANDLE)4, OWN_PROCESS, pointer, 0, 0, NULL, &size, 1, 0, PAGE_READONLY), VIOLATION);
        EXPECT_EQUAL(NtMapViewOfSection((HANDLE)4, OWN_PROCESS, &base, 0, 0, NULL, pointer, 1, 0, PAGE_READONLY), VIOLATION);
        EXPECT(NtUnmapViewOfSection(OWN_PROCESS, pointer) < 0);
    }
    static const DWORD handles[] = {0, 3, 0x7777, 0xFFFFFFF0, 0x80000000, 0x80100000};
    for (DWORD index = 0; index < sizeof handles / sizeof *handles; index++) {
        HANDLE handle = (HANDLE)handles[index];
        EXPECT_EQUAL(NtMapViewOfSection(handle, OWN_PROCESS, &base, 0, 0, NULL, &size, 1, 0, PAGE_READONLY), BAD_HANDLE);
        EXPECT_EQUAL(NtClose(handle), BAD_HANDLE);
        EXPECT_EQUAL(NtUnmapViewOfSection(handle, base), BAD_HANDLE);
    }
}
