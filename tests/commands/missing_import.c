// Imports what kernel32 does not export (absent.def makes the linker believe it).
// cc: -labsent

#include "program.h"

__declspec(dllimport) void WINAPI VadoseHasNoSuchExport(void);

void mainCRTStartup(void)
{
    VadoseHasNoSuchExport();
    ExitProcess(0);
}
