// What is no DLL is refused with the error that says why, and leaves nothing behind.
// expect: exit 0
#include "test.h"

static void test(void)
{
    DWORD before = (DWORD)free_range(GRANULARITY);
    EXPECT_ERROR(LoadLibraryA("nosuch.dll"), ERROR_MOD_NOT_FOUND);
    EXPECT_ERROR(LoadLibraryA("C:\\nowhere\\nosuch.dll"), ERROR_MOD_NOT_FOUND);
    EXPECT_ERROR(LoadLibraryA("no_image.exe"), ERROR_BAD_EXE_FORMAT);
    EXPECT_ERROR(LoadLibraryA("library_hostile.exe"), ERROR_BAD_EXE_FORMAT);
    EXPECT_ERROR(LoadLibraryA("library_failing.exe"), ERROR_DLL_INIT_FAILED);
    EXPECT_ERROR(LoadLibraryA("import_absent_library.exe"), ERROR_MOD_NOT_FOUND);
    EXPECT_ERROR(LoadLibraryA("import_absent_export.exe"), ERROR_PROC_NOT_FOUND);
    EXPECT(GetModuleHandleA("library.exe") == NULL);
    EXPECT(GetModuleHandleA("library_failing.exe") == NULL);
    EXPECT_EQUAL(query((PVOID)0x11000000).State, MEM_FREE);
    EXPECT_EQUAL(query((PVOID)0x12000000).State, MEM_FREE);
    EXPECT_EQUAL(free_range(GRANULARITY), before);
}
