// Says so, and never ends.

#include "program.h"

void mainCRTStartup(void)
{
    write_text(STD_OUTPUT_HANDLE, "spinning\n");
    for (volatile int turns = 0;; turns++) {
    }
}
