// A process that the debugger takes off the list of processes.
#include "image.h"

void mainCRTStartup(void) {
    HANDLE runs;
    PROCESS_INFORMATION victim = start_victim(0, &runs);
    wait_until(runs, victim.hProcess);
    finding("unlinked", victim.dwProcessId, NULL, 0);
    all_set();
}
