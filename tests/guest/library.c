// A DLL for the tests of the loader: exports by name, by ordinal and by forwarder, data, and an initialiser.
// role: helper
// cc: -shared library.def -Wl,--image-base,0x10000000 -Wl,--entry,_DllMain@12
#define NO_ENTRY
#include "test.h"

int library_counter = 100;
static int attached;

int library_add(int left, int right)
{
    return left + right;
}

int library_seventh(void)
{
    return attached + 7;
}

int *library_counter_address(void)
{
    return &library_counter;
}

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, LPVOID context)
{
    (void)context;
    if (reason == DLL_PROCESS_ATTACH)
        attached = base == GetModuleHandleA("library.exe") ? 1000 : -1;
    return TRUE;
}
