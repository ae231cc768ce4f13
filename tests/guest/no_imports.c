// A program that imports nothing; CreateProcess starts it all the same, because kernel32 is in every process.
// role: helper
#define NO_ENTRY
#include "test.h"

DWORD mainCRTStartup(void)
{
    return 21;
}
