// The same with a number for a name; the DLL is named.
// expect: loader
// message: 77 was not found in library.exe
// cc: -labsent_ordinal
#include "test.h"

__declspec(dllimport) int library_ordinal(void);

static void test(void)
{
    library_ordinal();
}
