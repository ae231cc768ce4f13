// expect: exit 0
// National language support: the locale, kinds of letters, cases, comparing.
#include "test.h"

static void test_locale(void)
{
    char text[40];
    WCHAR wide[8];
    EXPECT_EQUAL(GetUserDefaultLCID(), 0x409);
    EXPECT_EQUAL(GetLocaleInfoA(LOCALE_USER_DEFAULT, LOCALE_SDECIMAL, text, sizeof text), 2);
    EXPECT_EQUAL(text[0], '.');
    EXPECT_EQUAL(GetLocaleInfoA(0x409, LOCALE_SENGLANGUAGE, NULL, 0), 8);
    EXPECT_EQUAL(lstrcmpA((GetLocaleInfoA(0x409, LOCALE_SDAYNAME1, text, sizeof text), text), "Monday"), 0);
    DWORD number = 0;
    EXPECT_EQUAL(GetLocaleInfoW(0x409, LOCALE_IDEFAULTANSICODEPAGE | LOCALE_RETURN_NUMBER, (LPWSTR)&number, 2), 2);
    EXPECT_EQUAL(number, 1252);
    EXPECT_EQUAL(GetLocaleInfoW(0x409, LOCALE_SDAYNAME1, wide, 3), 0);
    EXPECT_EQUAL(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    EXPECT_EQUAL(GetLocaleInfoA(0x409, 0x7777, text, sizeof text), 0);
    EXPECT_EQUAL(GetLastError(), ERROR_INVALID_FLAGS);
    EXPECT_EQUAL(GetLocaleInfoA(0x407, LOCALE_SDECIMAL, text, sizeof text), 0);
    EXPECT_EQUAL(GetLastError(), ERROR_INVALID_PARAMETER);
    CPINFO page;
    EXPECT_EQUAL(GetCPInfo(CP_ACP, &page), TRUE);
    EXPECT_EQUAL(page.MaxCharSize, 1);
    EXPECT_EQUAL(page.DefaultChar[0], '?');
    EXPECT_EQUAL(GetCPInfo(CP_UTF8, &page) && page.MaxCharSize == 4, TRUE);
    EXPECT_EQUAL(GetCPInfo(12345, &page), FALSE);
}

static void test_letters(void)
{
    WORD kinds[4];
    EXPECT_EQUAL(GetStringTypeA(0x409, CT_CTYPE1, "Az7", -1, kinds), TRUE);
    EXPECT_EQUAL(kinds[0], C1_UPPER | C1_ALPHA | C1_XDIGIT);
    EXPECT_EQUAL(kinds[1], C1_LOWER | C1_ALPHA);
    EXPECT_EQUAL(kinds[2], C1_DIGIT | C1_XDIGIT);
    EXPECT_EQUAL(kinds[3], C1_CNTRL);
    EXPECT_EQUAL(GetStringTypeW(CT_CTYPE1, L"_", 1, kinds), TRUE);
    EXPECT_EQUAL(kinds[0], C1_PUNCT);
    EXPECT_EQUAL(GetStringTypeW(9, L"_", 1, kinds), FALSE);
    EXPECT_EQUAL(GetLastError(), ERROR_INVALID_FLAGS);
    char text[8] = "";
    EXPECT_EQUAL(LCMapStringA(0x409, LCMAP_UPPERCASE, "stra\xdf" "e\xe9", -1, text, sizeof text), 8);
    EXPECT_EQUAL(text[4], (char)0xDF);
    EXPECT_EQUAL(text[6], (char)0xC9);
    EXPECT_EQUAL(LCMapStringA(0x409, LCMAP_LOWERCASE, "ABC", 3, NULL, 0), 3);
    EXPECT_EQUAL(LCMapStringA(0x409, LCMAP_LOWERCASE | LCMAP_UPPERCASE, "ABC", 3, text, sizeof text), 0);
    EXPECT_EQUAL(GetLastError(), ERROR_INVALID_FLAGS);
}

static void test_comparison(void)
{
    static const struct { const char *left, *right; DWORD flags; int expected; } rows[] = {
        { "a", "B", 0, CSTR_LESS_THAN },
        { "a", "A", 0, CSTR_LESS_THAN },
        { "a", "A", NORM_IGNORECASE, CSTR_EQUAL },
        { "coop", "co-op", 0, CSTR_LESS_THAN },
        { "coop", "co-op", SORT_STRINGSORT, CSTR_GREATER_THAN },
        { "2", "10", 0, CSTR_GREATER_THAN },
        { "_", "0", 0, CSTR_LESS_THAN },
        { "9", "a", 0, CSTR_LESS_THAN },
        { "e", "\xe9", 0, CSTR_LESS_THAN },
        { "e", "\xe9", NORM_IGNORENONSPACE, CSTR_EQUAL },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        EXPECT_EQUAL(CompareStringA(0x409, rows[i].flags, rows[i].left, -1, rows[i].right, -1), rows[i].expected);
    EXPECT_EQUAL(CompareStringW(0x409, 0, L"abcd", 2, L"abx", 2), CSTR_EQUAL);
    EXPECT_EQUAL(CompareStringW(0x407, 0, L"a", 1, L"a", 1), 0);
    EXPECT_EQUAL(GetLastError(), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(CompareStringW(0x409, 0x8000, L"a", 1, L"a", 1), 0);
    EXPECT_EQUAL(GetLastError(), ERROR_INVALID_FLAGS);
    EXPECT_EQUAL(lstrcmpA("Zebra", "apple"), 1);
    EXPECT_EQUAL(lstrcmpiA("ZEBRA", "zebra"), 0);
}

static void test(void)
{
    test_locale();
    test_letters();
    test_comparison();
}
