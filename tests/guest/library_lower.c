// A DLL that notes in the environment when it comes and goes.
// role: helper
// cc: -shared library_lower.def -Wl,--image-base,0x15000000 -Wl,--entry,_DllMain@12
#define NO_ENTRY
#include "test.h"
#include "library_order.h"

int lower(void)
{
    return 1;
}

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, LPVOID context)
{
    (void)base;
    note_order(reason, context, "l");
    return TRUE;
}
