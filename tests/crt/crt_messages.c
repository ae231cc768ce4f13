// FormatMessage: the text of an error, a template with arguments, a block of its own; and wide characters through streams.
// expect: exit 0
// stdout: five of 5: 0x00beef
#include <wchar.h>
#include <windows.h>
#include "crt_check.h"

static DWORD fill(char *text, DWORD room, const char *template, ...)
{
    va_list arguments;
    va_start(arguments, template);
    DWORD length = FormatMessageA(FORMAT_MESSAGE_FROM_STRING, template, 0, 0, text, room, &arguments);
    va_end(arguments);
    return length;
}

int main(void)
{
    char text[128], *block = NULL;
    CHECK(FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM, NULL, ERROR_ACCESS_DENIED, 0, text, sizeof text, NULL) == 19);
    CHECK_TEXT(text, "Access is denied.\r\n");
    CHECK(FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, ERROR_BAD_EXE_FORMAT, 0, (char *)&block, 0, NULL) != 0);
    CHECK(block != NULL && strncmp(block, "%1 is not", 9) == 0 && LocalFree(block) == NULL);
    CHECK(FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM, NULL, 4, 0, text, 5, NULL) == 0 && GetLastError() == ERROR_INSUFFICIENT_BUFFER);
    CHECK(FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM, NULL, 99999, 0, text, 5, NULL) == 0 && GetLastError() == ERROR_MR_MID_NOT_FOUND);
    CHECK(fill(text, sizeof text, "%1 of %2!d!: 0x%3!06x!", "five", 5, 0xBEEF) == 19);
    puts(text);
    WCHAR wide[32];
    DWORD_PTR arguments[2] = {(DWORD_PTR)L"wide", 7};
    CHECK(FormatMessageW(FORMAT_MESSAGE_FROM_STRING | FORMAT_MESSAGE_ARGUMENT_ARRAY, L"%1 %2!u!", 0, 0, wide, 32, (va_list *)arguments) == 6);
    CHECK(wcscmp(wide, L"wide 7") == 0);
    CHECK(putwc(0x263A, stdout) == WEOF);
    return failures;
}
