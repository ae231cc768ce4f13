// GetModuleHandleEx: by name, by address, with a reference, without one, and for good.
// expect: exit 0
#include "test.h"

#define BASE ((HMODULE)0x10000000)

static void test(void)
{
    HMODULE module = (HMODULE)1;
    EXPECT(GetModuleHandleExA(0, NULL, &module) && module == GetModuleHandleA(NULL));
    EXPECT_ERROR(GetModuleHandleExA(0, "library.exe", &module), ERROR_MOD_NOT_FOUND);
    EXPECT(module == NULL);
    EXPECT(LoadLibraryA("library.exe") == BASE);
    EXPECT(GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, L"LIBRARY.EXE", &module) && module == BASE);
    PCSTR inside = (PCSTR)GetProcAddress(BASE, "library_add");
    EXPECT(GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, inside, &module) && module == BASE);
    // Two references: the first is LoadLibrary's.
    EXPECT(FreeLibrary(BASE) && GetModuleHandleA("library.exe") == BASE);
    EXPECT(FreeLibrary(BASE) && GetModuleHandleA("library.exe") == NULL);
    EXPECT_ERROR(FreeLibrary(BASE), ERROR_MOD_NOT_FOUND);
    EXPECT_ERROR(GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, inside, &module), ERROR_MOD_NOT_FOUND);
    EXPECT_ERROR(GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, NULL, &module), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(GetModuleHandleExA(8, "kernel32", &module), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(GetModuleHandleExA(3, "kernel32", &module), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(GetModuleHandleExA(0, "kernel32", NULL), ERROR_INVALID_PARAMETER);
    // Pinned, it stays whatever is given back.
    EXPECT(LoadLibraryA("library.exe") == BASE);
    EXPECT(GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_PIN, "library.exe", &module) && module == BASE);
    for (int times = 0; times < 5; times++)
        FreeLibrary(BASE);
    EXPECT(GetModuleHandleA("library.exe") == BASE);
}
