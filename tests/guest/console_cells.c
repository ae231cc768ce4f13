// The console's screen as cells: what is written there in one way is read back in every other, and in nothing else.
// expect: exit 0

#include "test.h"

static HANDLE screen;

static COORD at(int column, int row)
{
    return (COORD){(SHORT)column, (SHORT)row};
}

static WCHAR unit_at(int column, int row)
{
    WCHAR unit = 0xFFFF;
    DWORD count = 99;
    EXPECT(ReadConsoleOutputCharacterW(screen, &unit, 1, at(column, row), &count));
    EXPECT_EQUAL(count, 1);
    return unit;
}

static WORD colors_at(int column, int row)
{
    WORD colors = 0xFFFF;
    DWORD count = 99;
    EXPECT(ReadConsoleOutputAttribute(screen, &colors, 1, at(column, row), &count));
    EXPECT_EQUAL(count, 1);
    return colors;
}

#define EXPECT_CELL(column, row, character, colors) \
    do { \
        EXPECT_EQUAL(unit_at(column, row), character); \
        EXPECT_EQUAL(colors_at(column, row), colors); \
    } while (0)

static void clear(void)
{
    DWORD count = 0;
    EXPECT(FillConsoleOutputCharacterA(screen, '.', 2000, at(0, 0), &count));
    EXPECT_EQUAL(count, 2000);
    EXPECT(FillConsoleOutputAttribute(screen, 7, 2000, at(0, 0), &count));
    EXPECT_EQUAL(count, 2000);
}

// Runs of cells: characters leave the colours alone, and colours the characters; a run goes on in the next row and ends with the screen.
static void runs(void)
{
    DWORD count = 99;
    clear();
    EXPECT(WriteConsoleOutputCharacterA(screen, "abcd", 4, at(78, 0), &count));
    EXPECT_EQUAL(count, 4);
    EXPECT_CELL(77, 0, '.', 7);
    EXPECT_CELL(78, 0, 'a', 7);
    EXPECT_CELL(1, 1, 'd', 7);
    EXPECT_CELL(2, 1, '.', 7);
    const WORD colors[3] = {0x1F, 0xC2, 0x0E};
    EXPECT(WriteConsoleOutputAttribute(screen, colors, 3, at(79, 0), &count));
    EXPECT_EQUAL(count, 3);
    EXPECT_CELL(78, 0, 'a', 7);
    EXPECT_CELL(79, 0, 'b', 0x1F);
    EXPECT_CELL(0, 1, 'c', 0xC2);
    EXPECT_CELL(1, 1, 'd', 0x0E);
    EXPECT(FillConsoleOutputCharacterW(screen, 0x2588, 2, at(79, 0), &count));
    EXPECT_EQUAL(count, 2);
    EXPECT_CELL(79, 0, 0x2588, 0x1F);
    EXPECT_CELL(0, 1, 0x2588, 0xC2);
    EXPECT(FillConsoleOutputAttribute(screen, 0x30, 1, at(79, 0), &count));
    EXPECT_CELL(79, 0, 0x2588, 0x30);

    char text[8] = "########";
    EXPECT(ReadConsoleOutputCharacterA(screen, text, 5, at(78, 0), &count));
    EXPECT_EQUAL(count, 5);
    // Code page 1252 has no full block.
    EXPECT(text[0] == 'a' && text[1] == '?' && text[2] == '?' && text[3] == 'd' && text[4] == '.' && text[5] == '#');
    WORD read[4] = {9, 9, 9, 9};
    EXPECT(ReadConsoleOutputAttribute(screen, read, 3, at(78, 0), &count));
    EXPECT(count == 3 && read[0] == 7 && read[1] == 0x30 && read[2] == 0xC2 && read[3] == 9);

    // What both have.
    EXPECT(WriteConsoleOutputCharacterA(screen, "\x80\xE9", 2, at(0, 2), &count));
    EXPECT_CELL(0, 2, 0x20AC, 7);
    EXPECT_CELL(1, 2, 0xE9, 7);
    EXPECT(ReadConsoleOutputCharacterA(screen, text, 2, at(0, 2), &count));
    EXPECT(text[0] == '\x80' && text[1] == '\xE9');

    // The last cell, and beyond it.
    EXPECT(WriteConsoleOutputCharacterA(screen, "xyz", 3, at(78, 24), &count));
    EXPECT_EQUAL(count, 2);
    EXPECT_CELL(79, 24, 'y', 7);
    EXPECT_CELL(0, 0, '.', 7);
    EXPECT(FillConsoleOutputAttribute(screen, 0x70, 99, at(79, 24), &count));
    EXPECT_EQUAL(count, 1);
    EXPECT_CELL(79, 24, 'y', 0x70);
    EXPECT(ReadConsoleOutputCharacterA(screen, text, 8, at(79, 24), &count));
    EXPECT(count == 1 && text[0] == 'y' && text[1] == '\xE9');
    for (int index = 0; index < 4; index++) {
        COORD beyond[] = {at(80, 0), at(0, 25), at(-1, 0), at(0, -1)};
        count = 99;
        EXPECT(FillConsoleOutputCharacterA(screen, 'Q', 1, beyond[index], &count));
        EXPECT_EQUAL(count, 0);
        count = 99;
        EXPECT(ReadConsoleOutputAttribute(screen, read, 1, beyond[index], &count));
        EXPECT_EQUAL(count, 0);
    }
    EXPECT(WriteConsoleOutputCharacterA(screen, "Q", 0, at(0, 0), &count));
    EXPECT_EQUAL(count, 0);
    EXPECT_CELL(0, 0, '.', 7);
}

#define EXPECT_REGION_IS(region, left, top, right, bottom) \
    do { \
        EXPECT_EQUAL((region).Left, left); \
        EXPECT_EQUAL((region).Top, top); \
        EXPECT_EQUAL((region).Right, right); \
        EXPECT_EQUAL((region).Bottom, bottom); \
    } while (0)

// Rectangles.
static void rectangles(void)
{
    CHAR_INFO field[12], read[12];
    clear();
    for (int index = 0; index < 12; index++) {
        field[index].Char.UnicodeChar = (WCHAR)('A' + index);
        field[index].Attributes = (WORD)(0x10 + index);
        read[index].Char.UnicodeChar = '#';
        read[index].Attributes = 0x55;
    }
    SMALL_RECT region = {10, 5, 12, 7};
    EXPECT(WriteConsoleOutputW(screen, field, at(4, 3), at(0, 0), &region));
    EXPECT_REGION_IS(region, 10, 5, 12, 7);
    EXPECT_CELL(10, 5, 'A', 0x10);
    EXPECT_CELL(12, 5, 'C', 0x12);
    EXPECT_CELL(13, 5, '.', 7);
    EXPECT_CELL(10, 7, 'I', 0x18);
    EXPECT_CELL(10, 8, '.', 7);

    // From the middle of the field, to its end.
    region = (SMALL_RECT){20, 5, 60, 20};
    EXPECT(WriteConsoleOutputA(screen, field, at(4, 3), at(2, 1), &region));
    EXPECT_REGION_IS(region, 20, 5, 21, 6);
    EXPECT_CELL(20, 5, 'G', 0x16);
    EXPECT_CELL(21, 6, 'L', 0x1B);
    EXPECT_CELL(22, 6, '.', 7);

    // Over the corner.
    region = (SMALL_RECT){-2, -1, 1, 1};
    EXPECT(WriteConsoleOutputW(screen, field, at(4, 3), at(0, 0), &region));
    EXPECT_REGION_IS(region, 0, 0, 1, 1);
    EXPECT_CELL(0, 0, 'G', 0x16);
    EXPECT_CELL(1, 1, 'L', 0x1B);
    region = (SMALL_RECT){80, 0, 83, 2};
    EXPECT(WriteConsoleOutputW(screen, field, at(4, 3), at(0, 0), &region));
    EXPECT(region.Right < region.Left);

    region = (SMALL_RECT){9, 5, 11, 6};
    EXPECT(ReadConsoleOutputW(screen, read, at(4, 3), at(1, 1), &region));
    EXPECT_REGION_IS(region, 9, 5, 11, 6);
    const char expected[] = "#####.AB#.EF";
    for (int index = 0; index < 12; index++)
        EXPECT_EQUAL(read[index].Char.UnicodeChar, expected[index]);
    EXPECT_EQUAL(read[4].Attributes, 0x55);
    EXPECT_EQUAL(read[5].Attributes, 7);
    EXPECT_EQUAL(read[7].Attributes, 0x11);
    region = (SMALL_RECT){78, 23, 90, 90};
    EXPECT(ReadConsoleOutputA(screen, read, at(3, 4), at(0, 0), &region));
    EXPECT_REGION_IS(region, 78, 23, 79, 24);
    EXPECT_EQUAL(read[0].Char.AsciiChar, '.');
    EXPECT_EQUAL(read[2].Char.UnicodeChar, '#');
}

// What moves overlaps itself, is clipped, and leaves what was asked for.
static void scrolling(void)
{
    DWORD count;
    clear();
    for (int row = 0; row < 25; row++)
        EXPECT(FillConsoleOutputCharacterA(screen, (char)('a' + row), 80, at(0, row), &count));
    CHAR_INFO blank = {.Char.UnicodeChar = '_', .Attributes = 0x4E};
    SMALL_RECT moved = {0, 1, 79, 24};
    EXPECT(ScrollConsoleScreenBufferW(screen, &moved, NULL, at(0, 0), &blank));
    EXPECT_CELL(0, 0, 'b', 7);
    EXPECT_CELL(79, 23, 'y', 7);
    EXPECT_CELL(0, 24, '_', 0x4E);
    EXPECT_CELL(79, 24, '_', 0x4E);

    moved = (SMALL_RECT){10, 2, 12, 4};
    SMALL_RECT clip = {11, 0, 79, 24};
    EXPECT(ScrollConsoleScreenBufferA(screen, &moved, &clip, at(11, 3), &blank));
    EXPECT_CELL(10, 2, 'd', 7);
    EXPECT_CELL(11, 2, '_', 0x4E);
    EXPECT_CELL(10, 3, 'e', 7);
    EXPECT_CELL(11, 3, 'd', 7);
    EXPECT_CELL(13, 5, 'f', 7);
    EXPECT_CELL(14, 5, 'g', 7);
}

// What is written as text is in the cells, and scrolls them.
static void text_and_cells(void)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    DWORD count;
    clear();
    EXPECT(SetConsoleCursorPosition(screen, at(77, 24)));
    EXPECT(SetConsoleTextAttribute(screen, 0x1E));
    EXPECT(GetConsoleScreenBufferInfo(screen, &info));
    EXPECT_EQUAL(info.wAttributes, 0x1E);
    EXPECT(info.dwCursorPosition.X == 77 && info.dwCursorPosition.Y == 24);
    EXPECT(WriteConsoleA(screen, "12345", 5, &count, NULL));
    EXPECT_CELL(77, 23, '1', 0x1E);
    EXPECT_CELL(79, 23, '3', 0x1E);
    EXPECT_CELL(0, 24, '4', 0x1E);
    EXPECT_CELL(1, 24, '5', 0x1E);
    EXPECT_CELL(2, 24, ' ', 0x1E);
    EXPECT_CELL(0, 23, '.', 7);
    EXPECT(GetConsoleScreenBufferInfo(screen, &info));
    EXPECT(info.dwCursorPosition.X == 2 && info.dwCursorPosition.Y == 24);
    // Cells that are written leave cursor and colours where they are.
    EXPECT(FillConsoleOutputCharacterA(screen, 'z', 2000, at(0, 0), &count));
    EXPECT(GetConsoleScreenBufferInfo(screen, &info));
    EXPECT(info.dwCursorPosition.X == 2 && info.dwCursorPosition.Y == 24 && info.wAttributes == 0x1E);
    EXPECT(SetConsoleTextAttribute(screen, 7));
}

static void window(void)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    SMALL_RECT part = {1, 2, 40, 12}, step = {1, 1, -1, 2}, whole = {0, 0, 79, 24};
    EXPECT(SetConsoleWindowInfo(screen, TRUE, &part));
    EXPECT(GetConsoleScreenBufferInfo(screen, &info));
    EXPECT_REGION_IS(info.srWindow, 1, 2, 40, 12);
    EXPECT(SetConsoleWindowInfo(screen, FALSE, &step));
    EXPECT(GetConsoleScreenBufferInfo(screen, &info));
    EXPECT_REGION_IS(info.srWindow, 2, 3, 39, 14);
    SMALL_RECT bad[] = {{0, 0, 80, 24}, {0, 0, 79, 25}, {-1, 0, 79, 24}, {5, 0, 4, 24}, {0, 9, 79, 8}};
    for (int index = 0; index < 5; index++)
        EXPECT_ERROR(SetConsoleWindowInfo(screen, TRUE, &bad[index]), ERROR_INVALID_PARAMETER);
    EXPECT(GetConsoleScreenBufferInfo(screen, &info));
    EXPECT_REGION_IS(info.srWindow, 2, 3, 39, 14);
    EXPECT(SetConsoleWindowInfo(screen, TRUE, &whole));
    COORD largest = GetLargestConsoleWindowSize(screen);
    EXPECT(largest.X == 80 && largest.Y == 25);
    EXPECT(SetConsoleScreenBufferSize(screen, at(80, 25)));
    EXPECT_ERROR(SetConsoleScreenBufferSize(screen, at(79, 25)), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(SetConsoleScreenBufferSize(screen, at(80, 300)), ERROR_NOT_ENOUGH_MEMORY);
}

// Handles to anything else.
static void no_console(void)
{
    CHAR_INFO cell = {.Attributes = 7};
    SMALL_RECT region = {0, 0, 0, 0};
    WORD colors;
    DWORD count;
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
    HANDLE nothing = CreateFileA("NUL", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    HANDLE input = CreateFileA("CONIN$", GENERIC_READ | GENERIC_WRITE, 3, NULL, OPEN_EXISTING, 0, NULL);
    HANDLE handles[] = {NULL, nothing, input};
    for (int index = 0; index < 3; index++) {
        EXPECT_ERROR(ReadConsoleOutputA(handles[index], &cell, at(1, 1), at(0, 0), &region), ERROR_INVALID_HANDLE);
        EXPECT_ERROR(WriteConsoleOutputA(handles[index], &cell, at(1, 1), at(0, 0), &region), ERROR_INVALID_HANDLE);
        EXPECT_ERROR(ReadConsoleOutputAttribute(handles[index], &colors, 1, at(0, 0), &count), ERROR_INVALID_HANDLE);
        EXPECT_ERROR(FillConsoleOutputAttribute(handles[index], 7, 1, at(0, 0), &count), ERROR_INVALID_HANDLE);
        EXPECT_ERROR(ScrollConsoleScreenBufferA(handles[index], &region, NULL, at(1, 1), &cell), ERROR_INVALID_HANDLE);
        EXPECT_ERROR(SetConsoleWindowInfo(handles[index], TRUE, &region), ERROR_INVALID_HANDLE);
    }
    EXPECT(CloseHandle(event) && CloseHandle(nothing) && CloseHandle(input));
}

static void test(void)
{
    screen = CreateFileA("CONOUT$", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    EXPECT(screen != INVALID_HANDLE_VALUE);
    runs();
    rectangles();
    scrolling();
    text_and_cells();
    window();
    no_console();
}
