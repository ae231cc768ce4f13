// A DLL whose initialiser says no.
// role: helper
// cc: -shared -Wl,--image-base,0x11000000 -Wl,--entry,_DllMain@12
#define NO_ENTRY
#include "test.h"

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, LPVOID context)
{
    (void)base, (void)reason, (void)context;
    return FALSE;
}
