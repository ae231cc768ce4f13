// Who has the console: a program gives it up and has it back, a child is started without one; and what is waited for at its input.
// expect: exit 0

#include "process.h"

static HANDLE input;

static INPUT_RECORD key(char character)
{
    INPUT_RECORD record = {.EventType = KEY_EVENT};
    record.Event.KeyEvent.bKeyDown = TRUE;
    record.Event.KeyEvent.wRepeatCount = 1;
    record.Event.KeyEvent.uChar.AsciiChar = character;
    return record;
}

static HANDLE open_input(void)
{
    return CreateFileA("CONIN$", GENERIC_READ | GENERIC_WRITE, 3, NULL, OPEN_EXISTING, 0, NULL);
}

static void type_one(void)
{
    INPUT_RECORD record = key('x');
    DWORD count = 0;
    EXPECT(WriteConsoleInputA(input, &record, 1, &count));
    EXPECT_EQUAL(count, 1);
}

static DWORD WINAPI type_later(void *unused)
{
    (void)unused;
    Sleep(60);
    type_one();
    return 0;
}

// A wait is over while there are records, at every handle to the input, and neither before nor after.
static void waits(void)
{
    INPUT_RECORD record;
    DWORD count = 0;
    HANDLE other = open_input(), event = CreateEventA(NULL, TRUE, FALSE, NULL);
    HANDLE both[2] = {event, input};
    EXPECT(FlushConsoleInputBuffer(input));
    EXPECT_EQUAL(WaitForSingleObject(input, 0), WAIT_TIMEOUT);
    EXPECT_EQUAL(WaitForSingleObject(other, 30), WAIT_TIMEOUT);
    EXPECT_EQUAL(WaitForMultipleObjects(2, both, FALSE, 0), WAIT_TIMEOUT);
    type_one();
    EXPECT_EQUAL(WaitForSingleObject(input, 0), WAIT_OBJECT_0);
    EXPECT_EQUAL(WaitForSingleObject(other, 20000), WAIT_OBJECT_0);
    EXPECT_EQUAL(WaitForMultipleObjects(2, both, FALSE, 20000), WAIT_OBJECT_0 + 1);
    EXPECT_EQUAL(WaitForMultipleObjects(2, both, TRUE, 0), WAIT_TIMEOUT);
    EXPECT(PeekConsoleInputA(input, &record, 1, &count) && count == 1);
    EXPECT_EQUAL(WaitForSingleObject(input, 0), WAIT_OBJECT_0);
    type_one();
    EXPECT(ReadConsoleInputA(input, &record, 1, &count) && count == 1);
    EXPECT_EQUAL(WaitForSingleObject(input, 0), WAIT_OBJECT_0);
    EXPECT(ReadConsoleInputA(input, &record, 1, &count) && count == 1);
    EXPECT_EQUAL(WaitForSingleObject(input, 0), WAIT_TIMEOUT);
    type_one();
    EXPECT(FlushConsoleInputBuffer(input));
    EXPECT_EQUAL(WaitForSingleObject(input, 0), WAIT_TIMEOUT);

    HANDLE thread = CreateThread(NULL, 0, type_later, NULL, 0, NULL);
    if (thread != NULL) {
        EXPECT_EQUAL(WaitForSingleObject(input, 20000), WAIT_OBJECT_0);
        EXPECT_EQUAL(WaitForSingleObject(thread, 20000), WAIT_OBJECT_0);
        EXPECT(CloseHandle(thread));
    }
    EXPECT(FlushConsoleInputBuffer(input));
    EXPECT(CloseHandle(event) && CloseHandle(other));
}

static void alone_with_it(void)
{
    DWORD ids[4] = {9, 9, 9, 9};
    EXPECT_EQUAL(GetConsoleProcessList(ids, 4), 1);
    EXPECT_EQUAL(ids[0], GetCurrentProcessId());
    EXPECT_EQUAL(ids[1], 9);
    EXPECT_ERROR(GetConsoleProcessList(ids, 0), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(GetConsoleProcessList(NULL, 4), ERROR_INVALID_PARAMETER);
}

static void given_up(void)
{
    DWORD word, count;
    HANDLE screen = CreateFileA("CONOUT$", GENERIC_READ | GENERIC_WRITE, 3, NULL, OPEN_EXISTING, 0, NULL);
    HANDLE before = GetStdHandle(STD_INPUT_HANDLE);
    EXPECT_ERROR(AllocConsole(), ERROR_ACCESS_DENIED);
    EXPECT_ERROR(AttachConsole(GetCurrentProcessId()), ERROR_ACCESS_DENIED);
    EXPECT(FreeConsole());
    EXPECT_ERROR(FreeConsole(), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(GetConsoleMode(input, &word), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(WriteConsoleA(screen, "lost", 4, &count, NULL), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(GetConsoleProcessList(&word, 1), ERROR_INVALID_HANDLE);
    SetLastError(0);
    EXPECT(open_input() == INVALID_HANDLE_VALUE);
    EXPECT_EQUAL(GetLastError(), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(AttachConsole(0x7FFFFFFC), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(AttachConsole(GetCurrentProcessId()), ERROR_INVALID_HANDLE);
    EXPECT(AllocConsole());
    EXPECT(GetConsoleMode(input, &word));
    EXPECT(GetConsoleMode(GetStdHandle(STD_INPUT_HANDLE), &word));
    EXPECT_EQUAL(GetConsoleProcessList(&word, 1), 1);
    EXPECT(CloseHandle(GetStdHandle(STD_INPUT_HANDLE)));
    EXPECT(SetStdHandle(STD_INPUT_HANDLE, before));
    EXPECT(CloseHandle(screen));
}

// The child that was started without a console.
static DWORD detached(void)
{
    DWORD ids[4] = {0};
    EXPECT_ERROR(FreeConsole(), ERROR_INVALID_PARAMETER);
    EXPECT(open_input() == INVALID_HANDLE_VALUE);
    EXPECT(AttachConsole(ATTACH_PARENT_PROCESS));
    EXPECT_EQUAL(GetConsoleProcessList(ids, 1), 2);
    EXPECT_EQUAL(ids[0], 0);
    EXPECT_EQUAL(GetConsoleProcessList(ids, 4), 2);
    EXPECT(ids[0] == GetCurrentProcessId() || ids[1] == GetCurrentProcessId());
    HANDLE own = open_input();
    EXPECT(own != INVALID_HANDLE_VALUE);
    EXPECT(GetConsoleMode(GetStdHandle(STD_INPUT_HANDLE), ids));
    EXPECT(GetConsoleMode(GetStdHandle(STD_OUTPUT_HANDLE), ids));
    return failures == 0 ? 42 : 1;
}

static void test(void)
{
    if (number_in(GetCommandLineA()) == 1)
        ExitProcess(detached());
    input = open_input();
    EXPECT(input != INVALID_HANDLE_VALUE);
    waits();
    alone_with_it();
    given_up();
    EXPECT_EQUAL(run_with(NULL, "C:\\console_attach.exe 1", FALSE, DETACHED_PROCESS, NULL, NULL), 42);
    alone_with_it();
}
