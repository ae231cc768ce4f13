// At a console: reads lines and writes them between marks; ends with the types of its handles, both consoles. What it gives
// NtDisplayString is no output of its own.

#include "program.h"

typedef struct {
    USHORT length, maximum_length;
    WCHAR *buffer;
} STRING_OF_UNITS;

__declspec(dllimport) LONG WINAPI NtDisplayString(STRING_OF_UNITS *text);

void mainCRTStartup(void)
{
    char line[80];
    DWORD count;
    STRING_OF_UNITS text = { 20, 20, (WCHAR *)L"for people" };
    NtDisplayString(&text);
    write_text(STD_OUTPUT_HANDLE, "name? ");
    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), line, sizeof line, &count, NULL) && count != 0) {
        write_bytes(STD_OUTPUT_HANDLE, "<", 1);
        write_bytes(STD_OUTPUT_HANDLE, line, count);
        write_bytes(STD_OUTPUT_HANDLE, ">", 1);
    }
    ExitProcess(GetFileType(GetStdHandle(STD_INPUT_HANDLE)) << 4 | GetFileType(GetStdHandle(STD_OUTPUT_HANDLE)));
}
