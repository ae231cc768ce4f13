// The calendar and the pictures of dates and times; strings that are folded; the locale of a thread.
// expect: exit 0

#include "test.h"

static char heard[256];
static int calls, most;

static BOOL hear(const char *text)
{
    lstrcatA(heard, text);
    lstrcatA(heard, "|");
    return ++calls < most;
}

static BOOL CALLBACK hear_bytes(LPSTR text)
{
    return hear(text);
}

static BOOL CALLBACK hear_units(LPWSTR text)
{
    char bytes[64];
    EXPECT(WideCharToMultiByte(CP_ACP, 0, text, -1, bytes, sizeof bytes, NULL, NULL));
    return hear(bytes);
}

static BOOL CALLBACK hear_with_calendar(LPSTR text, CALID calendar)
{
    EXPECT_EQUAL(calendar, CAL_GREGORIAN);
    return hear(text);
}

#define EXPECT_HEARD(call, limit, expected) \
    do { \
        heard[0] = 0; \
        calls = 0; \
        most = limit; \
        EXPECT(call); \
        if (lstrcmpA(heard, expected) != 0) { \
            put(heard); \
            EXPECT(0 && expected); \
        } \
    } while (0)

static void pictures(void)
{
    EXPECT_HEARD(EnumDateFormatsA(hear_bytes, 0x409, DATE_SHORTDATE), 99, "M/d/yyyy|M/d/yy|MM/dd/yy|MM/dd/yyyy|yy/MM/dd|yyyy-MM-dd|dd-MMM-yy|");
    EXPECT_HEARD(EnumDateFormatsW(hear_units, LOCALE_USER_DEFAULT, DATE_LONGDATE), 2, "dddd, MMMM dd, yyyy|MMMM dd, yyyy|");
    EXPECT_HEARD(EnumDateFormatsExA(hear_with_calendar, 0x409, DATE_YEARMONTH), 99, "MMMM, yyyy|");
    EXPECT_HEARD(EnumTimeFormatsA(hear_bytes, 0x409, 0), 99, "h:mm:ss tt|hh:mm:ss tt|H:mm:ss|HH:mm:ss|");
    EXPECT_HEARD(EnumTimeFormatsW(hear_units, 0x409, 0), 1, "h:mm:ss tt|");
    EXPECT_ERROR(EnumDateFormatsA(NULL, 0x409, 0), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(EnumDateFormatsA(hear_bytes, 0x407, 0), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(EnumDateFormatsA(hear_bytes, 0x409, DATE_SHORTDATE | DATE_LONGDATE), ERROR_INVALID_FLAGS);
    EXPECT_ERROR(EnumTimeFormatsA(hear_bytes, 0x409, 4), ERROR_INVALID_FLAGS);
}

static void calendar(void)
{
    char text[32];
    WCHAR wide[32];
    DWORD number = 0;
    EXPECT_EQUAL(GetCalendarInfoA(0x409, CAL_GREGORIAN, CAL_SDAYNAME1, text, sizeof text, NULL), 7);
    EXPECT_EQUAL(lstrcmpA(text, "Monday"), 0);
    EXPECT_EQUAL(GetCalendarInfoA(0x409, CAL_GREGORIAN, CAL_SABBREVMONTHNAME12, NULL, 0, NULL), 4);
    EXPECT_EQUAL(GetCalendarInfoW(0x409, CAL_GREGORIAN, CAL_ITWODIGITYEARMAX | CAL_RETURN_NUMBER, NULL, 0, &number), 2);
    EXPECT_EQUAL(number, 2029);
    EXPECT_EQUAL(GetCalendarInfoW(0x409, CAL_GREGORIAN, CAL_SMONTHNAME13, wide, 32, NULL), 1);
    EXPECT_EQUAL(wide[0], 0);
    EXPECT_ERROR(GetCalendarInfoA(0x409, CAL_GREGORIAN, CAL_SDAYNAME1, text, 6, NULL), ERROR_INSUFFICIENT_BUFFER);
    EXPECT_ERROR(GetCalendarInfoA(0x409, CAL_GREGORIAN, CAL_SDAYNAME1, text, sizeof text, &number), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(GetCalendarInfoA(0x409, CAL_GREGORIAN, CAL_ICALINTVALUE | CAL_RETURN_NUMBER, text, 9, &number), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(GetCalendarInfoA(0x409, CAL_GREGORIAN, CAL_SDAYNAME1 | CAL_RETURN_NUMBER, NULL, 0, &number), ERROR_INVALID_FLAGS);
    EXPECT_ERROR(GetCalendarInfoA(0x409, CAL_GREGORIAN, 0x77, text, sizeof text, NULL), ERROR_INVALID_FLAGS);
    EXPECT_ERROR(GetCalendarInfoA(0x409, CAL_HEBREW, CAL_SDAYNAME1, text, sizeof text, NULL), ERROR_INVALID_PARAMETER);
    EXPECT_HEARD(EnumCalendarInfoA(hear_bytes, 0x409, CAL_GREGORIAN, CAL_SCALNAME), 99, "Gregorian Calendar|");
    EXPECT_HEARD(EnumCalendarInfoExA((CALINFO_ENUMPROCEXA)hear_with_calendar, 0x409, ENUM_ALL_CALENDARS, CAL_SDAYNAME7), 99, "Sunday|");
    EXPECT_HEARD(EnumCalendarInfoW(hear_units, 0x409, CAL_GREGORIAN, CAL_SLONGDATE), 1, "dddd, MMMM dd, yyyy|");
    EXPECT_ERROR(EnumCalendarInfoA(hear_bytes, 0x409, 77, CAL_SCALNAME), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(EnumCalendarInfoA(hear_bytes, 0x409, CAL_GREGORIAN, 0x77), ERROR_INVALID_FLAGS);
}

static BOOL same(const WCHAR *left, const WCHAR *right, int count)
{
    for (int index = 0; index < count; index++)
        if (left[index] != right[index])
            return FALSE;
    return TRUE;
}

static void folding(void)
{
    WCHAR target[16] = {0};
    char bytes[16] = "";
    EXPECT_EQUAL(FoldStringW(MAP_COMPOSITE, L"\x00e9x", -1, target, 16), 4);
    EXPECT(same(target, L"e\x0301x", 4));
    EXPECT_EQUAL(FoldStringW(MAP_PRECOMPOSED, L"e\x0301x", 3, target, 16), 2);
    EXPECT(same(target, L"\x00e9x", 2));
    EXPECT_EQUAL(FoldStringW(MAP_FOLDDIGITS | MAP_FOLDCZONE, L"\x0663\xFF21\x00B2", -1, target, 16), 4);
    EXPECT(same(target, L"3A2", 4));
    EXPECT_EQUAL(FoldStringW(MAP_EXPAND_LIGATURES, L"\x00DF", 1, NULL, 0), 2);
    EXPECT_EQUAL(FoldStringA(MAP_EXPAND_LIGATURES, "\xC6\xDF", -1, bytes, sizeof bytes), 5);
    EXPECT_EQUAL(lstrcmpA(bytes, "AEss"), 0);
    EXPECT_EQUAL(FoldStringA(MAP_FOLDDIGITS, "\xB2\xB3\xB9", -1, bytes, sizeof bytes), 4);
    EXPECT_EQUAL(lstrcmpA(bytes, "231"), 0);
    EXPECT_ERROR(FoldStringW(MAP_COMPOSITE, L"\x00e9", 1, target, 1), ERROR_INSUFFICIENT_BUFFER);
    EXPECT_ERROR(FoldStringW(MAP_COMPOSITE | MAP_PRECOMPOSED, L"a", 1, target, 16), ERROR_INVALID_FLAGS);
    EXPECT_ERROR(FoldStringW(1, L"a", 1, target, 16), ERROR_INVALID_FLAGS);
    EXPECT_ERROR(FoldStringW(MAP_FOLDDIGITS, L"a", 0, target, 16), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(FoldStringW(MAP_FOLDDIGITS, NULL, 1, target, 16), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(FoldStringW(MAP_FOLDDIGITS, target, 1, target, 16), ERROR_INVALID_PARAMETER);
}

static DWORD WINAPI locale_of_another(void *unused)
{
    (void)unused;
    return GetThreadLocale();
}

static void locales(void)
{
    EXPECT_EQUAL(GetThreadLocale(), 0x409);
    EXPECT(SetThreadLocale(0x7F));
    EXPECT_EQUAL(GetThreadLocale(), 0x7F);
    HANDLE thread = CreateThread(NULL, 0, locale_of_another, NULL, 0, NULL);
    DWORD code = 0;
    if (thread != NULL) {
        EXPECT_EQUAL(WaitForSingleObject(thread, 20000), WAIT_OBJECT_0);
        EXPECT(GetExitCodeThread(thread, &code) && CloseHandle(thread));
        EXPECT_EQUAL(code, 0x409);
    }
    EXPECT_ERROR(SetThreadLocale(0x1234), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(GetThreadLocale(), 0x7F);
    EXPECT(SetThreadLocale(LOCALE_USER_DEFAULT));
    EXPECT_EQUAL(GetThreadLocale(), 0x409);
    EXPECT_EQUAL(ConvertDefaultLocale(LOCALE_SYSTEM_DEFAULT), 0x409);
    EXPECT_EQUAL(ConvertDefaultLocale(0x1234), 0x1234);
    EXPECT(IsValidLocale(0x409, LCID_INSTALLED) && IsValidLocale(0x409, LCID_SUPPORTED));
    EXPECT(!IsValidLocale(0x1234, LCID_SUPPORTED));
    EXPECT_HEARD(EnumSystemLocalesA(hear_bytes, LCID_INSTALLED), 99, "00000409|");
    EXPECT_HEARD(EnumSystemLocalesW(hear_units, LCID_SUPPORTED), 99, "00000409|");
    EXPECT_ERROR(EnumSystemLocalesA(hear_bytes, 0x80), ERROR_INVALID_FLAGS);
    EXPECT_ERROR(EnumSystemLocalesA(NULL, LCID_INSTALLED), ERROR_INVALID_PARAMETER);
    // What mapping does not take together.
    WCHAR wide[8];
    EXPECT_ERROR(LCMapStringW(0x409, LCMAP_SORTKEY | LCMAP_LOWERCASE, L"a", 1, wide, 8), ERROR_INVALID_FLAGS);
    EXPECT_EQUAL(LCMapStringW(0x409, LCMAP_BYTEREV, L"ab", 2, wide, 8), 2);
    EXPECT(wide[0] == 0x6100 && wide[1] == 0x6200);
}

static void test(void)
{
    pictures();
    calendar();
    folding();
    locales();
}
