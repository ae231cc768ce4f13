// What user32 does for console programs (texts, characters, resources), a command line as words, and no network.
// expect: exit 0
// cc: -luser32 -lshell32 -lwinmm -lws2_32
#include "test.h"
#include <mmsystem.h>
#include <shellapi.h>
#include <winsock2.h>

static void formats(void)
{
    char text[1024];
    WCHAR wide[64];
    EXPECT_EQUAL(wsprintfA(text, "%s|%5d|%-4u|%08lX|%c|%S|%%", "one", -42, 7u, 0xBEEFul, 'x', L"two"), 31);
    EXPECT_EQUAL(lstrcmpA(text, "one|  -42|7   |0000BEEF|x|two|%"), 0);
    EXPECT_EQUAL(wsprintfW(wide, L"%s %x", L"wide", 0x12AB), 9);
    EXPECT_EQUAL(lstrcmpW(wide, L"wide 12ab"), 0);
    // As much as there is room for.
    EXPECT_EQUAL(wsprintfA(text, "%2000d", 1), 1023);
    EXPECT_EQUAL(text[1023], 0);
}

static void characters(void)
{
    char text[] = "stra\xDF" "e \xE4 Z9";
    EXPECT(CharUpperA(text) == text);
    EXPECT_EQUAL(lstrcmpA(text, "STRA\xDF" "E \xC4 Z9"), 0);
    EXPECT_EQUAL(CharLowerA((PSTR)'Q'), 'q');
    EXPECT_EQUAL(CharLowerBuffA(text, 4), 4);
    EXPECT(text[3] == 'a' && text[5] == 'E');
    EXPECT(CharNextA(text) == text + 1 && CharPrevA(text, text) == text && CharPrevA(text, text + 3) == text + 2);
    EXPECT(*CharNextA("") == 0);
    EXPECT(IsCharAlphaA('k') && !IsCharAlphaA('4') && IsCharAlphaNumericA('4') && IsCharUpperW(0xC4) && !IsCharLowerA('K'));
}

static void texts(void)
{
    char text[32];
    WCHAR *address = NULL;
    EXPECT_EQUAL(LoadStringA(GetModuleHandleA(NULL), 17, text, sizeof text), 9);
    EXPECT_EQUAL(lstrcmpA(text, "seventeen"), 0);
    EXPECT_EQUAL(LoadStringA(NULL, 31, text, 4), 3);
    EXPECT_EQUAL(lstrcmpA(text, "thi"), 0);
    EXPECT_EQUAL(LoadStringW(NULL, 1, (PWSTR)&address, 0), 3);
    EXPECT(address != NULL && address[0] == 'o');
    EXPECT_EQUAL(LoadStringA(NULL, 2, text, sizeof text), 0);
    EXPECT_EQUAL(LoadStringA(NULL, 999, text, sizeof text), 0);
}

static void words(void)
{
    int count = 0;
    WCHAR **list = CommandLineToArgvW(L"\"a b.exe\" one \"two three\" \\\"x\\\"", &count);
    EXPECT_EQUAL(count, 4);
    EXPECT(lstrcmpW(list[0], L"a b.exe") == 0 && lstrcmpW(list[2], L"two three") == 0 && lstrcmpW(list[3], L"\"x\"") == 0);
    EXPECT(list[4] == NULL && LocalFree(list) == NULL);
    list = CommandLineToArgvW(L"", &count);
    EXPECT(count == 1 && lstrcmpiW(list[0], L"C:\\user_texts.exe") == 0 && LocalFree(list) == NULL);
}

static void test(void)
{
    WSADATA data;
    formats();
    characters();
    texts();
    words();
    EXPECT_EQUAL(MessageBoxA(NULL, "for people", "user_texts", MB_OKCANCEL), IDOK);
    EXPECT_EQUAL(WSAStartup(0x202, &data), WSASYSNOTREADY);
    EXPECT(socket(AF_INET, SOCK_STREAM, 0) == INVALID_SOCKET && WSAGetLastError() == WSANOTINITIALISED);
    EXPECT_EQUAL(htons(0x1234), 0x3412);
    DWORD before = timeGetTime();
    Sleep(30);
    EXPECT(timeGetTime() - before >= 20 && timeBeginPeriod(1) == 0);
}
