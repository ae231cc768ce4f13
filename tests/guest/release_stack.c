// A program that gives its stack back ends, and only it.
// expect: exception C0000005
#include "test.h"

static void test(void)
{
    DWORD here;
    free_at(query((PVOID)((DWORD)&here & ~(PAGE - 1))).AllocationBase, 0, MEM_RELEASE);
    put("still here\n");
}
