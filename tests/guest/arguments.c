// The command line arrives as it was given, in both forms.
// expect: exit 0
// args: one "two  three" \"four ""
// stdout: C:\arguments.exe one "two  three" \"four ""
#include "test.h"

static void test(void)
{
    put(GetCommandLineA());
    put("\n");
    const WCHAR *wide = GetCommandLineW();
    const char *narrow = GetCommandLineA();
    EXPECT_EQUAL(lstrlenW(wide), lstrlenA(narrow));
    for (int index = 0; narrow[index] != 0; index++)
        EXPECT_EQUAL(wide[index], narrow[index]);
    EXPECT(GetCommandLineA() == narrow);
    char path[MAX_PATH];
    EXPECT_EQUAL(GetModuleFileNameA(NULL, path, sizeof path), 16);
    EXPECT_EQUAL(lstrcmpiA(path, "C:\\arguments.exe"), 0);
    EXPECT_EQUAL(GetModuleFileNameA(NULL, path, 4), 4);
    EXPECT(GetCurrentDirectoryA(sizeof path, path) == 3 && lstrcmpA(path, "C:\\") == 0);
}
