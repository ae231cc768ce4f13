// The performance counter never goes back, over many ticks of the clock, and agrees with the clock.
// expect: exit 0
#include "test.h"

static void test(void)
{
    LARGE_INTEGER before, first, now, frequency;
    EXPECT(QueryPerformanceFrequency(&frequency));
    EXPECT(QueryPerformanceCounter(&first));
    before = first;
    DWORD start = GetTickCount(), falls = 0, milliseconds;
    do {
        QueryPerformanceCounter(&now);
        falls += now.QuadPart < before.QuadPart;
        before = now;
        milliseconds = GetTickCount() - start;
    } while (milliseconds < 500);
    EXPECT_EQUAL(falls, 0);
    DWORD counted = (DWORD)((now.QuadPart - first.QuadPart) * 1000 / frequency.QuadPart);
    EXPECT(counted + 50 >= milliseconds && counted <= milliseconds + 50);
}
