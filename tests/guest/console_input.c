// The console's input: which modes there are, what reads give in each, and records as they are. What is typed is written by the test
// itself with WriteConsoleInput.
// expect: exit 0

#include "test.h"

static HANDLE input, output;

static INPUT_RECORD key(WORD virtual_key, WCHAR character)
{
    INPUT_RECORD record = {.EventType = KEY_EVENT};
    record.Event.KeyEvent.bKeyDown = TRUE;
    record.Event.KeyEvent.wRepeatCount = 1;
    record.Event.KeyEvent.wVirtualKeyCode = virtual_key;
    record.Event.KeyEvent.uChar.UnicodeChar = character;
    return record;
}

static void write_records(const INPUT_RECORD *records, DWORD count)
{
    DWORD written = 0;
    EXPECT(WriteConsoleInputW(input, records, count, &written));
    EXPECT_EQUAL(written, count);
}

// Presses and lets go of a key for each character.
static void type_in(const char *text)
{
    for (; *text != 0; text++) {
        WORD code = *text == '\r' ? VK_RETURN : *text == '\b' ? VK_BACK : 0;
        INPUT_RECORD both[2] = {key(code, (WCHAR)*text), key(code, (WCHAR)*text)};
        both[1].Event.KeyEvent.bKeyDown = FALSE;
        write_records(both, 2);
    }
}

static void expect_text(int line, const char *text, const char *read, DWORD count)
{
    expect_word(line, "count", count, length_of(text));
    for (DWORD index = 0; index < count && text[index] != 0; index++)
        expect_word(line, "character", (BYTE)read[index], (BYTE)text[index]);
}

#define EXPECT_FILE(most, text) \
    do { \
        char read[64]; \
        DWORD count = 99; \
        EXPECT(ReadFile(input, read, most, &count, NULL)); \
        expect_text(__LINE__, text, read, count); \
    } while (0)

#define EXPECT_CONSOLE(most, text) \
    do { \
        char read[64]; \
        WCHAR wide[64]; \
        DWORD count = 99; \
        EXPECT(ReadConsoleW(input, wide, most, &count, NULL)); \
        for (DWORD index = 0; index < count && index < 64; index++) \
            read[index] = (char)wide[index]; \
        expect_text(__LINE__, text, read, count); \
    } while (0)

static DWORD mode_of(HANDLE handle)
{
    DWORD mode = 0x12345678;
    EXPECT(GetConsoleMode(handle, &mode));
    return mode;
}

static void modes(void)
{
    // Processed, lines with and without echo, window, mouse.
    for (DWORD mode = 0; mode < 32; mode++) {
        if ((mode & 6) == ENABLE_ECHO_INPUT) {
            EXPECT(SetConsoleMode(input, 3));
            EXPECT_ERROR(SetConsoleMode(input, mode), ERROR_INVALID_PARAMETER);
            EXPECT_EQUAL(mode_of(input) & 0x1F, 3);
        } else {
            EXPECT(SetConsoleMode(input, mode));
            EXPECT_EQUAL(mode_of(input) & 0x1F, mode);
        }
    }
    for (int bit = 9; bit < 32; bit++) {
        EXPECT_ERROR(SetConsoleMode(input, 1u << bit), ERROR_INVALID_PARAMETER);
        EXPECT_ERROR(SetConsoleMode(output, 1u << bit), ERROR_INVALID_PARAMETER);
    }
    // Insert and quick edit mean something with the bit that says so.
    EXPECT(SetConsoleMode(input, 0xE1));
    EXPECT_EQUAL(mode_of(input), 0xE1);
    EXPECT(SetConsoleMode(input, 0x13));
    EXPECT_EQUAL(mode_of(input), 0xF3);
    EXPECT(SetConsoleMode(input, 0x80));
    EXPECT_EQUAL(mode_of(input), 0x80);

    DWORD before = mode_of(output);
    for (DWORD mode = 0; mode < 4; mode++) {
        EXPECT(SetConsoleMode(output, mode));
        EXPECT_EQUAL(mode_of(output), mode);
    }
    EXPECT_ERROR(SetConsoleMode(output, 4), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(mode_of(output), 3);
    EXPECT(SetConsoleMode(output, before));
}

static void lines(void)
{
    EXPECT(SetConsoleMode(input, ENABLE_LINE_INPUT | ENABLE_PROCESSED_INPUT));
    type_in("hello\r");
    EXPECT_FILE(64, "hello\r\n");
    type_in("abc\b\bd\rnext\r");
    EXPECT_CONSOLE(2, "ad");
    EXPECT_CONSOLE(1, "\r");
    EXPECT_FILE(64, "\n");
    EXPECT_CONSOLE(64, "next\r\n");
    // Ctrl-Z at its beginning makes a line the end of the file, not of the console.
    type_in("\x1A rest\r\x1A\ryes\x1A\r");
    EXPECT_FILE(64, "");
    EXPECT_CONSOLE(64, "\x1A\r\n");
    EXPECT_FILE(64, "yes\x1A\r\n");
    // A key held, records that are no keys.
    INPUT_RECORD held = key('W', 'w'), mouse = {.EventType = MOUSE_EVENT};
    held.Event.KeyEvent.wRepeatCount = 3;
    write_records(&mouse, 1);
    write_records(&held, 1);
    type_in("\r");
    EXPECT_FILE(64, "www\r\n");
    // Nothing is processed: Enter is one character, and Ctrl-Z ends nothing.
    EXPECT(SetConsoleMode(input, ENABLE_LINE_INPUT));
    type_in("x\r\x1A\r");
    EXPECT_FILE(64, "x\r");
    EXPECT_FILE(64, "\x1A\r");
}

static void characters(void)
{
    EXPECT(SetConsoleMode(input, 0));
    type_in("a\r\x03\b");
    EXPECT_FILE(1, "a");
    EXPECT_CONSOLE(64, "\r\x03\b");
    // What types nothing is passed over.
    INPUT_RECORD records[3] = {key(VK_UP, 0), key(VK_SHIFT, 0), key('Q', 'q')};
    write_records(records, 3);
    EXPECT_FILE(64, "q");
}

static DWORD waiting(void)
{
    DWORD count = 99;
    EXPECT(GetNumberOfConsoleInputEvents(input, &count));
    return count;
}

static void records(void)
{
    INPUT_RECORD written[4] = {key('E', 0x20AC), {.EventType = MOUSE_EVENT}, {.EventType = FOCUS_EVENT}, key(VK_F1, 0)}, read[8];
    DWORD count = 99;
    written[0].Event.KeyEvent.wVirtualScanCode = 0x12;
    written[0].Event.KeyEvent.dwControlKeyState = RIGHT_ALT_PRESSED | NUMLOCK_ON;
    written[0].Event.KeyEvent.wRepeatCount = 7;
    written[1].Event.MouseEvent.dwMousePosition = (COORD){12, 34};
    written[1].Event.MouseEvent.dwEventFlags = MOUSE_MOVED;
    written[2].Event.FocusEvent.bSetFocus = TRUE;
    EXPECT(FlushConsoleInputBuffer(input));
    EXPECT_EQUAL(waiting(), 0);
    EXPECT(PeekConsoleInputW(input, read, 8, &count));
    EXPECT_EQUAL(count, 0);
    write_records(written, 4);
    EXPECT_EQUAL(waiting(), 4);
    EXPECT(PeekConsoleInputW(input, read, 2, &count));
    EXPECT_EQUAL(count, 2);
    EXPECT_EQUAL(waiting(), 4);
    EXPECT(ReadConsoleInputW(input, read, 8, &count));
    EXPECT_EQUAL(count, 4);
    for (DWORD at = 0; at < sizeof written / 4; at++)
        EXPECT_EQUAL(((DWORD *)read)[at], ((DWORD *)written)[at]);
    EXPECT_EQUAL(waiting(), 0);
    // As bytes the euro is 80; what is no key has no character to translate.
    write_records(written, 2);
    EXPECT(ReadConsoleInputA(input, read, 8, &count));
    EXPECT_EQUAL(count, 2);
    EXPECT_EQUAL(read[0].Event.KeyEvent.uChar.UnicodeChar, 0x80);
    EXPECT_EQUAL(((DWORD *)read)[8], ((DWORD *)written)[8]);
    EXPECT(WriteConsoleInputA(input, read, 1, &count));
    EXPECT(ReadConsoleInputW(input, read, 1, &count));
    EXPECT_EQUAL(read[0].Event.KeyEvent.uChar.UnicodeChar, 0x20AC);
    write_records(written, 4);
    EXPECT(FlushConsoleInputBuffer(input));
    EXPECT_EQUAL(waiting(), 0);
}

// The wrong side of the console, and what is none.
static void refused(void)
{
    HANDLE pipe[2];
    INPUT_RECORD record = key('A', 'a');
    CONSOLE_SCREEN_BUFFER_INFO screen;
    DWORD count;
    EXPECT(CreatePipe(&pipe[0], &pipe[1], NULL, 0));
    EXPECT_ERROR(WriteConsoleInputW(output, &record, 1, &count), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(WriteConsoleInputW(pipe[0], &record, 1, &count), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(GetNumberOfConsoleInputEvents(output, &count), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(FlushConsoleInputBuffer(pipe[0]), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(ReadConsoleInputW(output, &record, 1, &count), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(GetConsoleScreenBufferInfo(input, &screen), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(GetConsoleMode(pipe[0], &count), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(SetConsoleMode(pipe[1], 0), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(SetConsoleMode((HANDLE)0x12344, 0), ERROR_INVALID_HANDLE);
    EXPECT(GetConsoleScreenBufferInfo(output, &screen));
    EXPECT(screen.dwSize.X == 80 && screen.dwSize.Y == 25);
    CloseHandle(pipe[0]);
    CloseHandle(pipe[1]);
}

static void test(void)
{
    input = CreateFileA("CONIN$", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    output = CreateFileA("CONOUT$", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    DWORD before = mode_of(input) & 0x1F;
    modes();
    lines();
    characters();
    records();
    refused();
    EXPECT(SetConsoleMode(input, before | ENABLE_EXTENDED_FLAGS));
}
