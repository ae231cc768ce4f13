// Writes to a DLL's data for a while, beside other tests.
// role: helper
// cc: -llibrary
#include "test.h"

__declspec(dllimport) extern int library_counter;

static void test(void)
{
    for (int round = 0; round < 40; round++) {
        library_counter = 1000 + round;
        Sleep(10);
    }
}
