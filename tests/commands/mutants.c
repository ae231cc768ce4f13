// Loads the DLLs of C:\mutants, each in a process of its own, which may end however it likes but must end. Prints how many were
// refused, how many loaded, and how many processes had to be ended or ended by an exception.
#include "program.h"

enum { COUNT = 90, LOADED = 100, REFUSED = 101, PATIENCE = 4000 };

static void put_number(char *text, DWORD number)
{
    text[0] = (char)('0' + number / 10 % 10);
    text[1] = (char)('0' + number % 10);
}

static DWORD number_in(const char *line)
{
    DWORD number = 0;
    while (*line != 0 && *line != ' ')
        line++;
    for (; *line != 0; line++)
        if (*line >= '0' && *line <= '9')
            number = number * 10 + (DWORD)(*line - '0');
    return number;
}

static DWORD load(DWORD number)
{
    char path[] = "C:\\mutants\\0.dll", longer[] = "C:\\mutants\\00.dll";
    path[11] = (char)('0' + number);
    put_number(longer + 11, number);
    HMODULE module = LoadLibraryA(number < 10 ? path : longer);
    if (module == NULL)
        return REFUSED;
    GetProcAddress(module, "NtClose");
    FreeLibrary(module);
    return LOADED;
}

static DWORD run(DWORD number)
{
    char line[] = "C:\\mutants.exe 00";
    STARTUPINFOA start = {.cb = sizeof start};
    PROCESS_INFORMATION child;
    DWORD status = 0;
    put_number(line + 15, number);
    if (!CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &start, &child))
        ExitProcess(1);
    if (WaitForSingleObject(child.hProcess, PATIENCE) != WAIT_OBJECT_0)
        TerminateProcess(child.hProcess, 0);
    WaitForSingleObject(child.hProcess, INFINITE);
    GetExitCodeProcess(child.hProcess, &status);
    CloseHandle(child.hThread);
    CloseHandle(child.hProcess);
    return status;
}

void mainCRTStartup(void)
{
    const char *line = GetCommandLineA();
    if (text_length(line) > 14) {
        SetErrorMode(SEM_FAILCRITICALERRORS);
        ExitProcess(load(number_in(line)));
    }
    DWORD refused = 0, loaded = 0;
    for (DWORD number = 0; number < COUNT; number++) {
        DWORD status = run(number);
        refused += status == REFUSED;
        loaded += status == LOADED;
    }
    char text[] = "00 refused, 00 loaded, 00 otherwise\n";
    put_number(text, refused);
    put_number(text + 12, loaded);
    put_number(text + 23, COUNT - refused - loaded);
    write_text(STD_OUTPUT_HANDLE, text);
    ExitProcess(refused > 5 && loaded > 5 ? 0 : 2);
}
