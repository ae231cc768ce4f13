// What the tours print with: no C library, kernel32 and ntdll are all they import.
#ifndef TOUR_OUTPUT_H
#define TOUR_OUTPUT_H

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

typedef LONG NTSTATUS;

static void put(const char *text)
{
    DWORD written;
    WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), text, (DWORD)lstrlenA(text), &written, NULL);
}

static void put_digits(DWORD word, int digits)
{
    char text[9];
    for (int index = digits - 1; index >= 0; index--, word >>= 4)
        text[index] = "0123456789ABCDEF"[word & 15];
    text[digits] = 0;
    put(text);
}

static void put_hex(DWORD word)
{
    put_digits(word, 8);
}

// A number without leading zeros.
static void put_short_hex(DWORD word)
{
    int digits = 1;
    while (digits < 8 && word >> (4 * digits) != 0)
        digits++;
    put_digits(word, digits);
}

static void put_long_hex(ULONGLONG value)
{
    put_hex((DWORD)(value >> 32));
    put_hex((DWORD)value);
}

static void put_decimal(DWORD number)
{
    char text[11];
    int at = 10;
    text[at] = 0;
    do {
        text[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    put(text + at);
}

// `count` bits of `word`, the highest of them bit `top`.
static void put_bits(DWORD word, int top, int count)
{
    for (int bit = top; bit > top - count; bit--)
        put(word >> bit & 1 ? "1" : "0");
}

// A text in a column of the given width.
static void put_column(const char *text, int width)
{
    put(text);
    for (int length = lstrlenA(text); length < width; length++)
        put(" ");
}

static void put_status(NTSTATUS status)
{
    switch ((DWORD)status) {
    case 0: put("SUCCESS"); break;
    case 0x8000000D: put("PARTIAL_COPY"); break;
    case 0xC0000001: put("UNSUCCESSFUL"); break;
    case 0xC0000005: put("ACCESS_VIOLATION"); break;
    case 0xC000000D: put("INVALID_PARAMETER"); break;
    case 0xC0000022: put("ACCESS_DENIED"); break;
    default: put_hex((DWORD)status);
    }
}

// The tour cannot go on.
static DWORD stuck(const char *why)
{
    put(why);
    put("\n");
    ExitProcess(1);
    return 0;
}

#endif
