// More than one screen buffer: each keeps its own cells, cursor, colours, mode and window, whichever is shown; handles to them are inherited and
// closed, and with the last one another is shown.
// expect: exit 0

#include "process.h"

// What the test cannot go on without.
#define NEED(condition)            \
    do {                           \
        if (!(condition)) {        \
            EXPECT(!#condition);   \
            ExitProcess(1);        \
        }                          \
    } while (0)

static COORD at(int column, int row)
{
    return (COORD){(SHORT)column, (SHORT)row};
}

static HANDLE output(void)
{
    HANDLE handle = CreateFileA("CONOUT$", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    NEED(handle != INVALID_HANDLE_VALUE);
    return handle;
}

static HANDLE make(BOOL inherit)
{
    SECURITY_ATTRIBUTES security = {sizeof security, NULL, inherit};
    HANDLE handle = CreateConsoleScreenBuffer(GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, &security, CONSOLE_TEXTMODE_BUFFER, NULL);
    NEED(handle != INVALID_HANDLE_VALUE);
    return handle;
}

static DWORD unit_at(HANDLE screen, int column, int row)
{
    WCHAR unit = 0xFFFF;
    DWORD count = 99;
    EXPECT(ReadConsoleOutputCharacterW(screen, &unit, 1, at(column, row), &count) && count == 1);
    return unit;
}

static DWORD colors_at(HANDLE screen, int column, int row)
{
    WORD colors = 0xFFFF;
    DWORD count = 99;
    EXPECT(ReadConsoleOutputAttribute(screen, &colors, 1, at(column, row), &count) && count == 1);
    return colors;
}

static void write(HANDLE screen, const char *text)
{
    DWORD count = 0;
    EXPECT(WriteConsoleA(screen, text, length_of(text), &count, NULL) && count == length_of(text));
}

static CONSOLE_SCREEN_BUFFER_INFO look(HANDLE screen)
{
    CONSOLE_SCREEN_BUFFER_INFO told = {0};
    EXPECT(GetConsoleScreenBufferInfo(screen, &told));
    return told;
}

static void expect_cursor(int line, HANDLE screen, int column, int row)
{
    COORD cursor = look(screen).dwCursorPosition;
    expect_word(line, "the cursor", (DWORD)cursor.X | (DWORD)cursor.Y << 16, (DWORD)column | (DWORD)row << 16);
}

#define EXPECT_CURSOR(screen, column, row) expect_cursor(__LINE__, screen, column, row)

static HANDLE first;

static void each_its_own(void)
{
    DWORD count = 0, mode = 9;
    EXPECT(FillConsoleOutputCharacterA(first, '.', 2000, at(0, 0), &count) && count == 2000);
    EXPECT(SetConsoleTextAttribute(first, 0x1E) && SetConsoleCursorPosition(first, at(5, 3)));
    HANDLE second = make(FALSE);
    EXPECT_EQUAL(GetFileType(second), FILE_TYPE_CHAR);
    // Blank, in the colours of the one that is shown.
    CONSOLE_SCREEN_BUFFER_INFO told = look(second);
    EXPECT(told.dwSize.X == 80 && told.dwSize.Y == 25 && told.wAttributes == 0x1E && told.srWindow.Right == 79);
    EXPECT_CURSOR(second, 0, 0);
    EXPECT(unit_at(second, 40, 12) == ' ' && colors_at(second, 40, 12) == 0x1E);

    // What is done to one is not done to the other.
    EXPECT(SetConsoleTextAttribute(second, 0x2A));
    write(second, "second\r\nline");
    EXPECT_CURSOR(second, 4, 1);
    EXPECT_CURSOR(first, 5, 3);
    EXPECT(unit_at(second, 0, 0) == 's' && colors_at(second, 0, 0) == 0x2A && unit_at(first, 0, 0) == '.');
    write(first, "first");
    EXPECT(unit_at(first, 5, 3) == 'f' && colors_at(first, 5, 3) == 0x1E && unit_at(second, 5, 3) == ' ');
    EXPECT(FillConsoleOutputAttribute(second, 0x4F, 10, at(70, 24), &count) && count == 10);
    EXPECT(colors_at(second, 75, 24) == 0x4F && colors_at(first, 75, 24) != 0x4F);
    EXPECT(GetConsoleMode(second, &mode) && mode == (ENABLE_PROCESSED_OUTPUT | ENABLE_WRAP_AT_EOL_OUTPUT));
    EXPECT(SetConsoleMode(second, ENABLE_PROCESSED_OUTPUT));
    EXPECT(GetConsoleMode(first, &mode) && mode == (ENABLE_PROCESSED_OUTPUT | ENABLE_WRAP_AT_EOL_OUTPUT));
    SMALL_RECT window = {1, 2, 30, 20};
    EXPECT(SetConsoleWindowInfo(second, TRUE, &window));
    EXPECT(look(second).srWindow.Bottom == 20 && look(first).srWindow.Bottom == 24);
    SMALL_RECT moved = {0, 0, 9, 0};
    CHAR_INFO filler = {.Char.UnicodeChar = '#', .Attributes = 7};
    EXPECT(ScrollConsoleScreenBufferW(second, &moved, NULL, at(0, 10), &filler));
    EXPECT(unit_at(second, 0, 10) == 's' && unit_at(second, 0, 0) == '#' && unit_at(first, 0, 10) == '.');

    // Shown or not, they are what they are; and what is opened is the one that is shown.
    EXPECT(SetConsoleActiveScreenBuffer(second));
    EXPECT(unit_at(second, 0, 10) == 's' && colors_at(second, 75, 24) == 0x4F);
    EXPECT_CURSOR(second, 4, 1);
    EXPECT_CURSOR(first, 10, 3);
    EXPECT(look(second).wAttributes == 0x2A && look(second).srWindow.Bottom == 20);
    EXPECT(GetConsoleMode(second, &mode) && mode == ENABLE_PROCESSED_OUTPUT);
    EXPECT(unit_at(first, 5, 3) == 'f' && look(first).wAttributes == 0x1E && look(first).srWindow.Bottom == 24);
    HANDLE shown = output();
    write(shown, "!");
    EXPECT(unit_at(second, 4, 1) == '!' && unit_at(first, 10, 3) == '.');
    write(first, "?");
    EXPECT(unit_at(first, 10, 3) == '?' && unit_at(second, 10, 3) != '?');
    EXPECT_CURSOR(second, 5, 1);

    // The handle that was opened keeps it there.
    EXPECT(CloseHandle(second));
    EXPECT(unit_at(shown, 4, 1) == '!');
    second = output();
    EXPECT(unit_at(second, 4, 1) == '!');
    EXPECT(CloseHandle(shown) && CloseHandle(second));
    // With the last one the first is shown again.
    shown = output();
    EXPECT(unit_at(shown, 5, 3) == 'f' && unit_at(shown, 10, 3) == '?');
    EXPECT_CURSOR(shown, 11, 3);
    EXPECT(look(shown).wAttributes == 0x1E);
    EXPECT(CloseHandle(shown));
}

static void inherited(void)
{
    STARTUPINFOA start = {.cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION child = {0};
    char line[] = "C:\\screen_buffers.exe 1";
    HANDLE second = make(TRUE), third = make(FALSE);
    start.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
    start.hStdOutput = start.hStdError = second;
    NEED(CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &child));
    EXPECT_EQUAL(finish(&child), 42);
    EXPECT(unit_at(second, 0, 0) == 'c' && unit_at(third, 0, 0) == ' ');
    // It has shown it, and that stays so.
    HANDLE shown = output();
    EXPECT(unit_at(shown, 0, 0) == 'c');
    EXPECT(CloseHandle(shown));
    EXPECT(SetConsoleActiveScreenBuffer(third) && SetConsoleActiveScreenBuffer(third));
    EXPECT(CloseHandle(second));
    EXPECT_ERROR(SetConsoleActiveScreenBuffer(second), ERROR_INVALID_HANDLE);
    EXPECT(SetConsoleActiveScreenBuffer(first));
    EXPECT(CloseHandle(third));
}

static void refusals(void)
{
    HANDLE input = CreateFileA("CONIN$", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    NEED(input != INVALID_HANDLE_VALUE);
    EXPECT_ERROR(SetConsoleActiveScreenBuffer(input), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(SetConsoleActiveScreenBuffer(NULL), ERROR_INVALID_HANDLE);
    SetLastError(0);
    EXPECT(CreateConsoleScreenBuffer(GENERIC_READ, 0, NULL, 2, NULL) == INVALID_HANDLE_VALUE && GetLastError() == ERROR_INVALID_PARAMETER);
    EXPECT(CreateConsoleScreenBuffer(GENERIC_READ, 8, NULL, CONSOLE_TEXTMODE_BUFFER, NULL) == INVALID_HANDLE_VALUE);
    EXPECT(CloseHandle(input));
}

static void test(void)
{
    if (number_in(GetCommandLineA()) == 1) {
        DWORD count;
        HANDLE own = GetStdHandle(STD_OUTPUT_HANDLE);
        ExitProcess(WriteConsoleA(own, "child", 5, &count, NULL) && SetConsoleActiveScreenBuffer(own) ? 42 : 1);
    }
    first = output();
    each_its_own();
    inherited();
    refusals();
    EXPECT(SetConsoleTextAttribute(first, 7) && CloseHandle(first));
}
