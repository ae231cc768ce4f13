// Prints its command line and the environment variable GREETING.

#include "program.h"

void mainCRTStartup(void)
{
    char greeting[64];
    write_text(STD_OUTPUT_HANDLE, GetCommandLineA());
    write_text(STD_OUTPUT_HANDLE, "\n");
    DWORD length = GetEnvironmentVariableA("GREETING", greeting, sizeof greeting);
    write_bytes(STD_OUTPUT_HANDLE, greeting, length < sizeof greeting ? length : 0);
    write_text(STD_OUTPUT_HANDLE, "\n");
    ExitProcess(0);
}
