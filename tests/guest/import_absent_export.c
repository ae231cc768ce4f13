// A program that needs what a DLL does not export is not started, and the export is named.
// expect: loader
// message: library_subtract
// cc: -labsent_export
#include "test.h"

__declspec(dllimport) int library_subtract(int left, int right);

static void test(void)
{
    library_subtract(1, 2);
}
