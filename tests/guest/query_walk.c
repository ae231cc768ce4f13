// A walk with VirtualQuery covers the user's address space without gap or overlap, and ends with the shared page.
// expect: exit 0
#include "test.h"

static void test(void)
{
    MEMORY_BASIC_INFORMATION region = {0};
    DWORD at = 0, images = 0, steps = 0;
    while (VirtualQuery((PVOID)at, &region, sizeof region) != 0) {
        EXPECT_EQUAL(region.BaseAddress, at);
        EXPECT(region.RegionSize != 0 && region.RegionSize % PAGE == 0);
        EXPECT(region.State == MEM_FREE || region.State == MEM_RESERVE || region.State == MEM_COMMIT);
        EXPECT(region.State == MEM_FREE || (DWORD)region.AllocationBase <= at);
        images += region.Type == MEM_IMAGE && (DWORD)region.AllocationBase == at;
        at += region.RegionSize;
        if (++steps > 1000)
            break;
    }
    EXPECT_EQUAL(at, 0x7FFF0000);
    EXPECT_EQUAL(images, 3); // the program, kernel32, ntdll
    EXPECT_EQUAL(query((PVOID)0).State, MEM_FREE);
    EXPECT(query((PVOID)0).RegionSize >= GRANULARITY);
    EXPECT_REGION((PVOID)0x7FFE0000, PAGE, MEM_COMMIT, PAGE_READONLY);
    EXPECT_EQUAL(query((PVOID)0x7FFE0000).Type, MEM_PRIVATE);
    EXPECT_REGION((PVOID)0x7FFE1000, 0xF000, MEM_RESERVE, PAGE_NOACCESS);
    EXPECT_EQUAL(query((PVOID)0x7FFE1000).AllocationBase, 0x7FFE0000);
}
