// Never ends.

#include "program.h"

void mainCRTStartup(void)
{
    for (volatile int turns = 0;; turns++) {
    }
}
