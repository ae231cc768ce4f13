// Ends with a status that does not fit into the eight bits of a host's exit code; they are 86, as it happens the
// code that an unhandled exception has.

#include "program.h"

void mainCRTStartup(void)
{
    ExitProcess(0x12386);
}
