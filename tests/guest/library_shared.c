// A DLL with a section that all processes share, beside one that each has for itself.
// role: helper
// cc: -shared library_shared.def -Wl,--image-base,0x14000000 -Wl,--entry,_DllMain@12
#define NO_ENTRY
#include "test.h"

__attribute__((section(".common"), shared)) int shared_number = 1;
__attribute__((section(".common"), shared)) int shared_pages[3 * 1024] = {2};
int own_number = 1;

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, LPVOID context)
{
    (void)base, (void)reason, (void)context;
    return TRUE;
}
