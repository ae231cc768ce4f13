// Copies standard input to standard output, byte for byte, and says on standard error how much that was.

#include "program.h"

void mainCRTStartup(void)
{
    char buffer[512], digits[16];
    DWORD count, total = 0;
    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), buffer, sizeof buffer, &count, NULL) && count != 0) {
        write_bytes(STD_OUTPUT_HANDLE, buffer, count);
        total += count;
    }
    char *digit = digits + sizeof digits;
    *--digit = 0;
    do
        *--digit = (char)('0' + total % 10);
    while ((total /= 10) != 0);
    write_text(STD_ERROR_HANDLE, digit);
    write_text(STD_ERROR_HANDLE, " bytes\n");
    ExitProcess(7);
}
