// A DLL that leans on another, and notes when it comes and goes.
// role: helper
// cc: -shared library_upper.def -llibrary_lower -Wl,--image-base,0x16000000 -Wl,--entry,_DllMain@12
#define NO_ENTRY
#include "test.h"
#include "library_order.h"

__declspec(dllimport) int lower(void);

int upper(void)
{
    return lower() + 1;
}

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, LPVOID context)
{
    (void)base;
    note_order(reason, context, lower() == 1 ? "u" : "?");
    return TRUE;
}
