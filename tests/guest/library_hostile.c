// A DLL whose import table names addresses outside of it.
// role: helper
// cc: -shared -Wl,--image-base,0x12000000 -Wl,--entry,_DllMain@12
#define NO_ENTRY
#include "test.h"

__asm__(
    ".section .idata$2, \"dr\"\n"
    ".long 0xFFFFFFF0, 0, 0, 0x80000000, 0x7FFFFFFF\n"
    ".long 0x00FFFFFF, 0, 0, 0x00FFFFFF, 0x00FFFFFF\n"
    ".text\n");

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, LPVOID context)
{
    (void)base, (void)reason, (void)context;
    return TRUE;
}
