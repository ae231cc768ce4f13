// Another process writes to the same DLL's data meanwhile: neither sees the other's copy.
// expect: exit 0
// cc: -llibrary
// beside: writer
#include "test.h"

__declspec(dllimport) extern int library_counter;

static void test(void)
{
    EXPECT_EQUAL(library_counter, 100);
    for (int round = 0; round < 20; round++) {
        library_counter = round;
        Sleep(10);
        EXPECT_EQUAL(library_counter, round);
    }
}
