// More memory than there is RAM, with a pattern in each page.
#include "image.h"

#define PAGES (40u * 256)

void mainCRTStartup(void) {
    char *memory = VirtualAlloc(NULL, PAGES * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (!memory) fail("no memory\n");
    for (unsigned page = 0; page < PAGES; page++) fill(memory + page * PAGE, page);
    finding("pattern", GetCurrentProcessId(), memory, PAGES * PAGE);
    all_set();
}
