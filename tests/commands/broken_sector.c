// Reads a byte of its own image that lies in a sector of its own, which the test makes unreadable. Exits with 1 where it can
// be read.
#include <windows.h>

#define MIDDLE 0x8000

// At a multiple of the sector's size in the file as in memory.
static const char data[2 * MIDDLE] __attribute__((aligned(4096))) = {
    [MIDDLE] = 'T', 'h', 'e', ' ', 's', 'e', 'c', 't', 'o', 'r', ' ', 'w', 'i', 't', 'h', 'o', 'u', 't', ' ', 'l', 'u', 'c', 'k', '!',
};

void mainCRTStartup(void)
{
    const volatile char *byte = data;
    ExitProcess(byte[MIDDLE] == 'T');
}
