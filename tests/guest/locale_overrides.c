// SetLocaleInfo and SetCalendarInfo: what the user says holds in place of the locale, for all programs, but for who asks for the locale alone.
// expect: exit 0

#include "process.h"

#define ENGLISH 0x409

static char text[100];

static const char *info(LCTYPE kind)
{
    text[0] = 0;
    EXPECT(GetLocaleInfoA(LOCALE_USER_DEFAULT, kind, text, sizeof text) != 0);
    return text;
}

#define EXPECT_TEXT(actual, expected) EXPECT(lstrcmpA(actual, expected) == 0)

static BOOL set(LCTYPE kind, const char *to)
{
    return SetLocaleInfoA(LOCALE_USER_DEFAULT, kind, to);
}

static const char *number(DWORD flags, const char *value)
{
    text[0] = 0;
    EXPECT(GetNumberFormatA(ENGLISH, flags, value, NULL, text, sizeof text) != 0);
    return text;
}

static const char *money(DWORD flags, const char *value)
{
    text[0] = 0;
    EXPECT(GetCurrencyFormatA(ENGLISH, flags, value, NULL, text, sizeof text) != 0);
    return text;
}

static const SYSTEMTIME when = {2004, 8, 2, 3, 15, 7, 9, 0};

static const char *date(DWORD flags)
{
    text[0] = 0;
    EXPECT(GetDateFormatA(ENGLISH, flags, &when, NULL, text, sizeof text) != 0);
    return text;
}

static const char *hour(DWORD flags)
{
    text[0] = 0;
    EXPECT(GetTimeFormatA(ENGLISH, flags, &when, NULL, text, sizeof text) != 0);
    return text;
}

static void numbers(void)
{
    DWORD value = 99;
    EXPECT(set(LOCALE_SDECIMAL, ",") && set(LOCALE_STHOUSAND, ".") && set(LOCALE_IDIGITS, "3"));
    EXPECT_TEXT(info(LOCALE_SDECIMAL), ",");
    EXPECT_TEXT(info(LOCALE_SDECIMAL | LOCALE_NOUSEROVERRIDE), ".");
    EXPECT_EQUAL(GetLocaleInfoA(ENGLISH, LOCALE_IDIGITS | LOCALE_RETURN_NUMBER, (char *)&value, sizeof value), 4);
    EXPECT_EQUAL(value, 3);
    EXPECT_EQUAL(GetLocaleInfoA(ENGLISH, LOCALE_IDIGITS | LOCALE_RETURN_NUMBER | LOCALE_NOUSEROVERRIDE, (char *)&value, sizeof value), 4);
    EXPECT_EQUAL(value, 2);
    EXPECT_TEXT(number(0, "-1234567.5"), "-1.234.567,500");
    EXPECT_TEXT(number(LOCALE_NOUSEROVERRIDE, "-1234567.5"), "-1,234,567.50");
    EXPECT(set(LOCALE_SGROUPING, "3;2;0") && set(LOCALE_INEGNUMBER, "3") && set(LOCALE_ILZERO, "0"));
    EXPECT_TEXT(number(0, "-1234567.5"), "12.34.567,500-");
    EXPECT_TEXT(number(0, "0.25"), ",250");
    EXPECT(set(LOCALE_SCURRENCY, "EUR") && set(LOCALE_ICURRENCY, "3") && set(LOCALE_INEGCURR, "8") && set(LOCALE_ICURRDIGITS, "0"));
    EXPECT(set(LOCALE_SMONTHOUSANDSEP, " "));
    EXPECT_TEXT(money(0, "1234.5"), "1 235 EUR");
    EXPECT_TEXT(money(0, "-1234.4"), "-1 234 EUR");
    EXPECT_TEXT(money(LOCALE_NOUSEROVERRIDE, "-1234.4"), "($1,234.40)");
    EXPECT(SetLocaleInfoW(LOCALE_USER_DEFAULT, LOCALE_SLIST, L";"));
    EXPECT_TEXT(info(LOCALE_SLIST), ";");
}

static void dates(void)
{
    EXPECT(set(LOCALE_SSHORTDATE, "dd.MM.yy"));
    EXPECT_TEXT(date(0), "03.08.04");
    EXPECT_TEXT(date(DATE_SHORTDATE | LOCALE_NOUSEROVERRIDE), "8/3/2004");
    EXPECT_TEXT(info(LOCALE_SDATE), ".");
    EXPECT_TEXT(info(LOCALE_IDATE), "1");
    EXPECT(set(LOCALE_SDATE, "-"));
    EXPECT_TEXT(date(0), "03-08-04");
    EXPECT_TEXT(info(LOCALE_SSHORTDATE), "dd-MM-yy");
    EXPECT(set(LOCALE_SLONGDATE, "d MMMM yyyy") && set(LOCALE_SYEARMONTH, "yyyy-MM"));
    EXPECT_TEXT(date(DATE_LONGDATE), "3 August 2004");
    EXPECT_TEXT(date(DATE_YEARMONTH), "2004-08");
    EXPECT(set(LOCALE_STIMEFORMAT, "h.mm tt") && set(LOCALE_S2359, "p.m."));
    EXPECT_TEXT(hour(0), "3.07 p.m.");
    EXPECT_TEXT(hour(LOCALE_NOUSEROVERRIDE), "3:07:09 PM");
    EXPECT_TEXT(info(LOCALE_STIME), ".");
    EXPECT_TEXT(info(LOCALE_ITIME), "0");
    EXPECT(set(LOCALE_STIMEFORMAT, "HH:mm"));
    EXPECT_TEXT(hour(0), "15:07");
    EXPECT_TEXT(info(LOCALE_ITIME), "1");
    EXPECT(set(LOCALE_IFIRSTDAYOFWEEK, "0") && set(LOCALE_IMEASURE, "0"));
    EXPECT_TEXT(info(LOCALE_IFIRSTDAYOFWEEK), "0");
}

static void calendar(void)
{
    DWORD year = 0;
    EXPECT(SetCalendarInfoA(LOCALE_USER_DEFAULT, CAL_GREGORIAN, CAL_ITWODIGITYEARMAX, "2049"));
    EXPECT(GetCalendarInfoA(ENGLISH, CAL_GREGORIAN, CAL_ITWODIGITYEARMAX | CAL_RETURN_NUMBER, NULL, 0, &year) != 0);
    EXPECT_EQUAL(year, 2049);
    EXPECT(GetCalendarInfoA(ENGLISH, CAL_GREGORIAN, CAL_ITWODIGITYEARMAX | CAL_NOUSEROVERRIDE | CAL_RETURN_NUMBER, NULL, 0, &year) != 0);
    EXPECT_EQUAL(year, 2029);
    EXPECT(SetCalendarInfoW(LOCALE_USER_DEFAULT, CAL_GREGORIAN, CAL_ITWODIGITYEARMAX, L"2029"));
    EXPECT_ERROR(SetCalendarInfoA(LOCALE_USER_DEFAULT, CAL_GREGORIAN, CAL_SCALNAME, "x"), ERROR_INVALID_FLAGS);
    EXPECT_ERROR(SetCalendarInfoA(LOCALE_USER_DEFAULT, CAL_GREGORIAN, CAL_ITWODIGITYEARMAX, NULL), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(SetCalendarInfoA(LOCALE_USER_DEFAULT, CAL_GREGORIAN, CAL_ITWODIGITYEARMAX, "soon"), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(SetCalendarInfoA(0x7777, CAL_GREGORIAN, CAL_ITWODIGITYEARMAX, "2029"), ERROR_INVALID_PARAMETER);
}

static void refusals(void)
{
    EXPECT_ERROR(set(LOCALE_SDECIMAL, NULL), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(set(LOCALE_SDECIMAL, "long"), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(set(LOCALE_IDIGITS, "x"), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(set(LOCALE_IDIGITS, "10"), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(set(LOCALE_INEGCURR, "16"), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(set(LOCALE_SGROUPING, "3;;"), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(set(LOCALE_SENGLANGUAGE, "Klingon"), ERROR_INVALID_FLAGS);
    EXPECT_ERROR(set(LOCALE_IDATE, "1"), ERROR_INVALID_FLAGS);
    EXPECT_ERROR(set(0x7777, "1"), ERROR_INVALID_FLAGS);
    EXPECT_ERROR(SetLocaleInfoA(0x7777, LOCALE_SDECIMAL, "."), ERROR_INVALID_PARAMETER);
    EXPECT_TEXT(info(LOCALE_SDECIMAL), ",");
    EXPECT_ERROR(GetLocaleInfoA(ENGLISH, LOCALE_SDECIMAL, text, 1), ERROR_INSUFFICIENT_BUFFER);
}

static void test(void)
{
    if (number_in(GetCommandLineA()) == 1)
        ExitProcess(info(LOCALE_SDECIMAL)[0]);
    numbers();
    dates();
    calendar();
    refusals();
    // Another program is told the same, and so is who reads where it is kept.
    EXPECT_EQUAL(run("C:\\locale_overrides.exe 1"), ',');
    EXPECT(GetProfileStringA("intl", "sShortDate", "?", text, sizeof text) == 8);
    EXPECT_TEXT(text, "dd-MM-yy");
    // Nothing of it is to be left.
    EXPECT(WriteProfileStringA("intl", NULL, NULL));
    EXPECT_TEXT(info(LOCALE_SDECIMAL), ".");
    DeleteFileA("C:\\WINDOWS\\win.ini");
}
