// A program that needs a DLL that is nowhere is not started, and the DLL is named.
// expect: loader
// message: absent_library.exe
// cc: -labsent_library
#include "test.h"

__declspec(dllimport) int absent_function(void);

static void test(void)
{
    absent_function();
}
