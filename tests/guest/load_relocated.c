// Two DLLs linked for the same place: the second is moved, its addresses with it, and its sections are closed again.
// expect: exit 0
#include "test.h"

static void test(void)
{
    char *first = (char *)LoadLibraryA("library.exe");
    char *second = (char *)LoadLibraryA("C:\\library_twin.exe");
    EXPECT_EQUAL(first, 0x10000000);
    EXPECT(second != NULL && second != first);
    int *(*pointer)(void) = (PVOID)GetProcAddress((HMODULE)second, "twin_pointer");
    int (*number)(void) = (PVOID)GetProcAddress((HMODULE)second, "twin_number");
    EXPECT((char *)pointer() > second && (char *)pointer() < second + 0x10000);
    EXPECT_EQUAL(number(), 55);
    EXPECT_EQUAL(query(second + PAGE).Protect, PAGE_EXECUTE_READ);
    EXPECT_EQUAL(query(second).Protect, PAGE_READONLY);
    // Gone and back again, now at its own place.
    EXPECT(FreeLibrary((HMODULE)first));
    EXPECT(FreeLibrary((HMODULE)second));
    EXPECT_EQUAL(query(second).State, MEM_FREE);
    EXPECT_EQUAL(LoadLibraryA("library_twin.exe"), 0x10000000);
}
