// Sleep lasts at least as long as it should, and the clocks agree about it.
// expect: exit 0
#include "test.h"

static void test(void)
{
    LARGE_INTEGER before, after, frequency;
    FILETIME start, end;
    EXPECT(QueryPerformanceFrequency(&frequency) && frequency.QuadPart > 1000000);
    EXPECT(QueryPerformanceCounter(&before));
    GetSystemTimeAsFileTime(&start);
    DWORD ticks = GetTickCount();
    Sleep(100);
    ticks = GetTickCount() - ticks;
    GetSystemTimeAsFileTime(&end);
    EXPECT(QueryPerformanceCounter(&after));
    EXPECT(ticks >= 90 && ticks < 5000);
    DWORD units = end.dwLowDateTime - start.dwLowDateTime;
    EXPECT(units >= 900000 && units < 50000000);
    DWORD milliseconds = (DWORD)(after.QuadPart - before.QuadPart) / ((DWORD)frequency.QuadPart / 1000);
    EXPECT(milliseconds >= 90 && milliseconds < 5000);
    EXPECT(start.dwHighDateTime >= 0x019DB1DE); // 1970, where some machines set their clocks
    Sleep(0);
}
