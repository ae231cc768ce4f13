// The page at 7FFE0000 says what Windows XP says.
// expect: exit 0
#include "test.h"

#define WORD_AT(offset) (*(volatile DWORD *)(0x7FFE0000 + (offset)))

static void test(void)
{
    EXPECT_EQUAL(WORD_AT(0x26C), 5); // major version
    EXPECT_EQUAL(WORD_AT(0x270), 1); // minor version
    EXPECT_EQUAL(WORD_AT(0x264), 1); // a workstation
    EXPECT_EQUAL(WORD_AT(0x02C), 0x014C014C);
    EXPECT_EQUAL(WORD_AT(0x2B4), 0x7FFEFFFF);
    EXPECT_EQUAL(WORD_AT(0x2B8), 0x80000000);
    EXPECT_EQUAL(lstrcmpiW((const WCHAR *)0x7FFE0030, L"C:\\WINDOWS"), 0);
    EXPECT(WORD_AT(0x2E8) > 0x1000); // physical pages
    // The ways into the kernel lie in ntdll.
    HMODULE ntdll = GetModuleHandleA("ntdll");
    FARPROC enter = (FARPROC)WORD_AT(0x300);
    EXPECT(enter == GetProcAddress(ntdll, "KiFastSystemCall") || enter == GetProcAddress(ntdll, "KiIntSystemCall"));
    EXPECT_EQUAL(WORD_AT(0x304), GetProcAddress(ntdll, "KiFastSystemCallRet"));
    EXPECT(IsProcessorFeaturePresent(8)); // the time-stamp counter
    EXPECT(IsProcessorFeaturePresent(9)); // physical address extension
    // The clocks go.
    DWORD ticks = WORD_AT(0), time = WORD_AT(8), system = WORD_AT(0x14);
    Sleep(50);
    EXPECT(WORD_AT(0) - ticks >= 3 && WORD_AT(0) - ticks < 1000);
    EXPECT(WORD_AT(8) - time >= 300000);
    EXPECT(WORD_AT(0x14) != system);
    EXPECT_EQUAL(WORD_AT(0xC), WORD_AT(0x10));
}
