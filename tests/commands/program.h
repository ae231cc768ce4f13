// What every program of this folder shares. They have no C library: kernel32 is all they import, and the linker
// enters them at mainCRTStartup.
#ifndef PROGRAM_H
#define PROGRAM_H

#include <windows.h>

static inline DWORD text_length(const char *text)
{
    DWORD length = 0;
    while (text[length] != 0)
        length++;
    return length;
}

static inline void write_bytes(DWORD stream, const void *bytes, DWORD count)
{
    DWORD written;
    while (count != 0 && WriteFile(GetStdHandle(stream), bytes, count, &written, NULL) && written != 0) {
        bytes = (const char *)bytes + written;
        count -= written;
    }
}

static inline void write_text(DWORD stream, const char *text)
{
    write_bytes(stream, text, text_length(text));
}

// The eight digits of an address.
static inline void write_address(DWORD stream, const volatile void *address)
{
    char digits[8];
    DWORD rest = (DWORD)address;
    for (int place = 7; place >= 0; place--, rest >>= 4)
        digits[place] = "0123456789abcdef"[rest & 15];
    write_bytes(stream, digits, sizeof digits);
}

#endif
