// A DLL that writes down for what reasons it is called, and by which threads.
// role: helper
// cc: -shared library_threads.def -Wl,--image-base,0x11000000 -Wl,--entry,_DllMain@12
#define NO_ENTRY
#include "test.h"

static struct {
    DWORD count;
    DWORD reasons[16];
    DWORD threads[16];
} log;

void *library_threads_log(void)
{
    return &log;
}

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, LPVOID context)
{
    (void)base, (void)context;
    if (log.count < 16) {
        log.reasons[log.count] = reason;
        log.threads[log.count] = GetCurrentThreadId();
        log.count++;
    }
    return TRUE;
}
