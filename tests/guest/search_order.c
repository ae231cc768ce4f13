// Where a DLL without a folder is looked for: the program's folder, the system's, Windows's, the current one, the PATH. A name
// with a folder means that file alone.
// expect: exit 0
#include "test.h"

static void test(void)
{
    char name[MAX_PATH];
    // Found in the folder of the program though the current one is another.
    EXPECT(SetCurrentDirectoryA("C:\\WINDOWS\\system32"));
    HMODULE library = LoadLibraryA("library.exe");
    EXPECT(library != NULL);
    EXPECT_EQUAL(GetModuleFileNameA(library, name, sizeof name), 14);
    EXPECT_EQUAL(lstrcmpiA(name, "C:\\library.exe"), 0);
    EXPECT(FreeLibrary(library));
    // tour.exe lies in the system's folder; without an extension a name has .dll.
    EXPECT(SetCurrentDirectoryA("C:\\"));
    HMODULE tour = LoadLibraryA("tour.exe");
    EXPECT(tour != NULL && GetModuleFileNameA(tour, name, sizeof name) != 0);
    EXPECT_EQUAL(lstrcmpiA(name, "C:\\WINDOWS\\system32\\tour.exe"), 0);
    EXPECT(FreeLibrary(tour));
    EXPECT_ERROR(LoadLibraryA("tour"), ERROR_MOD_NOT_FOUND);
    EXPECT_ERROR(LoadLibraryA("C:\\tour.exe"), ERROR_MOD_NOT_FOUND);
    // placed.exe is in C:\elsewhere: neither the program's, nor the system's; then by the current folder, then by the PATH.
    EXPECT_ERROR(LoadLibraryA("placed.exe"), ERROR_MOD_NOT_FOUND);
    EXPECT(SetCurrentDirectoryA("C:\\elsewhere"));
    HMODULE placed = LoadLibraryA("placed.exe");
    EXPECT(placed != NULL && FreeLibrary(placed));
    EXPECT(SetCurrentDirectoryA("C:\\"));
    EXPECT(SetEnvironmentVariableA("PATH", "C:\\nowhere;;C:\\elsewhere"));
    placed = LoadLibraryA("placed.exe");
    EXPECT(placed != NULL && FreeLibrary(placed));
    EXPECT(SetEnvironmentVariableA("PATH", NULL));
    EXPECT_ERROR(LoadLibraryA("placed.exe"), ERROR_MOD_NOT_FOUND);
}
