// A DLL linked to lie where library.exe lies.
// role: helper
// cc: -shared library_twin.def -Wl,--image-base,0x10000000 -Wl,--entry,_DllMain@12
#define NO_ENTRY
#include "test.h"

static int number = 55;
// Relocated, in data and in constants.
static int *pointer = &number;
static int *const constant_pointer = &number;

int *twin_pointer(void)
{
    return pointer == constant_pointer ? pointer : NULL;
}

int twin_number(void)
{
    return *pointer;
}

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, LPVOID context)
{
    (void)base, (void)reason, (void)context;
    return TRUE;
}
