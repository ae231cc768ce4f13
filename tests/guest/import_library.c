// Imports by name, by ordinal and through a forwarder; the initialiser ran before the program.
// expect: exit 0
// cc: -llibrary
#include "test.h"

__declspec(dllimport) int library_add(int left, int right);
__declspec(dllimport) int library_seventh(void);
__declspec(dllimport) extern int library_counter;
__declspec(dllimport) int *library_counter_address(void);

static void test(void)
{
    EXPECT_EQUAL(library_add(2, 3), 5);
    EXPECT_EQUAL(library_seventh(), 1007);
    EXPECT_EQUAL(library_counter, 100);
    EXPECT(&library_counter == library_counter_address());
    // Writing makes the page this process's own.
    char *page = (char *)((DWORD)&library_counter & ~(PAGE - 1));
    library_counter++;
    EXPECT_EQUAL(*library_counter_address(), 101);
    EXPECT_EQUAL(query(page).Protect, PAGE_READWRITE);
    EXPECT_EQUAL(GetModuleHandleA("library.exe"), 0x10000000);
    HMODULE base = GetModuleHandleA("library.exe");
    EXPECT(GetProcAddress(base, "library_close") == GetProcAddress(GetModuleHandleA("kernel32"), "CloseHandle"));
    EXPECT(GetProcAddress(base, (PCSTR)7) == (FARPROC)library_seventh);
}
