// GenerateConsoleCtrlEvent: to all who share the console, to one's own group, to a child that leads a group of its own.
// expect: exit 0
#include "process.h"

#define ENDED_BY_EVENT 0xC000013A

static HANDLE ready, heard;
static volatile LONG count[2];

static BOOL WINAPI handler(DWORD event)
{
    InterlockedIncrement(&count[event & 1]);
    SetEvent(heard);
    return TRUE;
}

// How often the handler was asked since the last time, Ctrl-C in the low half; waits for as many as are expected.
static DWORD asked(DWORD expected)
{
    for (DWORD tries = 0; expected != 0 && tries < 100 && count[0] + count[1] == 0; tries++)
        WaitForSingleObject(heard, 50);
    Sleep(40);
    return (DWORD)(InterlockedExchange(&count[0], 0) | InterlockedExchange(&count[1], 0) << 16);
}
#define CONTROL_C 1
#define BREAK 0x10000
#define EXPECT_ASKED(expected) EXPECT_EQUAL(asked(expected), expected)

static PROCESS_INFORMATION start(const char *task, DWORD flags)
{
    char line[64] = "C:\\console_events.exe ";
    PROCESS_INFORMATION child;
    lstrcatA(line, task);
    EXPECT(CreateProcessA(NULL, line, NULL, NULL, FALSE, flags, NULL, NULL, &startup, &child));
    EXPECT_EQUAL(WaitForSingleObject(ready, 20000), WAIT_OBJECT_0);
    return child;
}

static BOOL lives(const PROCESS_INFORMATION *child)
{
    return WaitForSingleObject(child->hProcess, 40) == WAIT_TIMEOUT;
}

static void children(void)
{
    DWORD own = GetCurrentProcessId();
    // One of this group, without handlers.
    PROCESS_INFORMATION child = start("1", 0);
    EXPECT_ERROR(GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, child.dwProcessId), ERROR_INVALID_PARAMETER);
    EXPECT(lives(&child));
    EXPECT(GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, own));
    EXPECT_EQUAL(finish(&child), ENDED_BY_EVENT);
    EXPECT_ASKED(BREAK);
    child = start("1", 0);
    EXPECT(GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0));
    EXPECT_EQUAL(finish(&child), ENDED_BY_EVENT);
    EXPECT_ASKED(CONTROL_C);

    // One that leads a group: Ctrl-C passes it over, whomever it goes to.
    child = start("1", CREATE_NEW_PROCESS_GROUP);
    EXPECT(GenerateConsoleCtrlEvent(CTRL_C_EVENT, child.dwProcessId));
    EXPECT(lives(&child));
    EXPECT_ASKED(0);
    EXPECT(GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0));
    EXPECT_ASKED(CONTROL_C);
    EXPECT(GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, own));
    EXPECT_ASKED(BREAK);
    EXPECT(lives(&child));
    EXPECT(GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, child.dwProcessId));
    EXPECT_EQUAL(finish(&child), ENDED_BY_EVENT);
    EXPECT_ASKED(0);
    EXPECT_ERROR(GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, child.dwProcessId), ERROR_INVALID_PARAMETER);

    // One that asks for Ctrl-C again, and has a handler.
    child = start("2", CREATE_NEW_PROCESS_GROUP);
    EXPECT(GenerateConsoleCtrlEvent(CTRL_C_EVENT, child.dwProcessId));
    EXPECT_EQUAL(WaitForSingleObject(ready, 20000), WAIT_OBJECT_0);
    EXPECT(lives(&child));
    EXPECT(GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, child.dwProcessId));
    EXPECT_EQUAL(finish(&child), 42);
    EXPECT_ASKED(0);

    // All that share the console: those of other groups, too, and children of children.
    child = start("3", CREATE_NEW_PROCESS_GROUP);
    EXPECT(GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, 0));
    EXPECT_EQUAL(finish(&child), ENDED_BY_EVENT);
    EXPECT_ASKED(BREAK);
}

static void ignored(void)
{
    EXPECT(SetConsoleCtrlHandler(NULL, TRUE));
    PROCESS_INFORMATION child = start("1", 0);
    EXPECT(GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0));
    EXPECT(lives(&child));
    EXPECT_ASKED(0);
    EXPECT(SetConsoleCtrlHandler(NULL, FALSE));
    // The child has it from when it was started.
    EXPECT(GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0));
    EXPECT_ASKED(CONTROL_C);
    EXPECT(lives(&child));
    EXPECT(GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, 0));
    EXPECT_EQUAL(finish(&child), ENDED_BY_EVENT);
    EXPECT_ASKED(BREAK);
}

static void parent(void)
{
    EXPECT(SetConsoleCtrlHandler(handler, TRUE));
    EXPECT_ERROR(GenerateConsoleCtrlEvent(2, 0), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0x7FFFFFFC), ERROR_INVALID_PARAMETER);
    EXPECT(GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0));
    EXPECT_ASKED(CONTROL_C);
    EXPECT(GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, 0));
    EXPECT_ASKED(BREAK);
    EXPECT(GenerateConsoleCtrlEvent(CTRL_C_EVENT, GetCurrentProcessId()));
    EXPECT_ASKED(CONTROL_C);
    children();
    ignored();
    EXPECT(SetConsoleCtrlHandler(handler, FALSE));
    EXPECT_ERROR(SetConsoleCtrlHandler(handler, FALSE), ERROR_INVALID_PARAMETER);
}

static void with_handler(void)
{
    EXPECT(SetConsoleCtrlHandler(handler, TRUE) && SetConsoleCtrlHandler(NULL, FALSE));
    SetEvent(ready);
    EXPECT_ASKED(CONTROL_C);
    SetEvent(ready);
    EXPECT_ASKED(BREAK);
    ExitProcess((DWORD)failures + 42);
}

static void with_child(void)
{
    PROCESS_INFORMATION child = start("1", CREATE_NEW_PROCESS_GROUP);
    SetEvent(ready);
    WaitForSingleObject(child.hProcess, 20000);
    Sleep(20000);
}

static void test(void)
{
    ready = CreateEventA(NULL, FALSE, FALSE, "console_events ready");
    heard = CreateEventA(NULL, FALSE, FALSE, NULL);
    switch (number_in(GetCommandLineA())) {
    case 0:
        parent();
        break;
    case 1:
        SetEvent(ready);
        Sleep(20000);
        failures++;
        break;
    case 2:
        with_handler();
        break;
    case 3:
        with_child();
        failures++;
    }
}
