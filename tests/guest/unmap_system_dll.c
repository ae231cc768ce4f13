// A program that unmaps the code it lives by ends, and only it.
// expect: exception C0000005
#include "test.h"

static void test(void)
{
    NtUnmapViewOfSection(OWN_PROCESS, (PVOID)GetModuleHandleA("ntdll"));
    put("still here\n");
}
