// A DLL stays as long as somebody has it, and no longer.
// expect: exit 0
#include "test.h"

static void test(void)
{
    EXPECT(GetModuleHandleA("library.exe") == NULL);
    HMODULE base = LoadLibraryA("library.exe");
    EXPECT(base != NULL && LoadLibraryA("LIBRARY.EXE") == base && LoadLibraryA("C:\\Library.exe") == base);
    EXPECT(FreeLibrary(base) && FreeLibrary(base));
    EXPECT(GetModuleHandleA("library.exe") == base);
    EXPECT(FreeLibrary(base));
    EXPECT_ERROR(GetModuleHandleA("library.exe"), ERROR_MOD_NOT_FOUND);
    EXPECT_EQUAL(query(base).State, MEM_FREE);
    EXPECT_ERROR(FreeLibrary(base), ERROR_MOD_NOT_FOUND);
    // What the program itself needs never leaves.
    HMODULE kernel32 = GetModuleHandleA("kernel32.dll");
    for (int round = 0; round < 5; round++)
        EXPECT(FreeLibrary(kernel32));
    EXPECT(GetModuleHandleA("kernel32") == kernel32);
}
