// Ctrl-C: the last handler deals with it once, the first one is asked the second time, and then the process ends. The exit
// status of a third would be 1.

#include "program.h"

static HANDLE again;

static BOOL WINAPI first(DWORD event)
{
    write_text(STD_OUTPUT_HANDLE, event == CTRL_C_EVENT ? "<asked first>\n" : "<another event>\n");
    return FALSE;
}

static BOOL WINAPI last(DWORD event)
{
    static LONG times;
    if (event != CTRL_C_EVENT || InterlockedIncrement(&times) != 1)
        return FALSE;
    write_text(STD_OUTPUT_HANDLE, "<dealt with>\n");
    SetEvent(again);
    return TRUE;
}

void mainCRTStartup(void)
{
    again = CreateEventA(NULL, FALSE, FALSE, NULL);
    if (!SetConsoleCtrlHandler(first, TRUE) || !SetConsoleCtrlHandler(first, TRUE) || !SetConsoleCtrlHandler(last, TRUE))
        ExitProcess(2);
    // One of the two goes; there is no third.
    if (!SetConsoleCtrlHandler(first, FALSE) || SetConsoleCtrlHandler((PHANDLER_ROUTINE)1, FALSE) || GetLastError() != ERROR_INVALID_PARAMETER)
        ExitProcess(3);
    write_text(STD_OUTPUT_HANDLE, "<ready>\n");
    WaitForSingleObject(again, INFINITE);
    write_text(STD_OUTPUT_HANDLE, "<goes on>\n");
    Sleep(INFINITE);
    ExitProcess(1);
}
