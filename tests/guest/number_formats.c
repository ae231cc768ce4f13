// GetNumberFormat and GetCurrencyFormat: as the locale has it, as a structure says, what is refused, and how much room it takes.
// expect: exit 0

#include "test.h"

#define US 0x0409

static char text[64];

static BOOL same(const char *left, const char *right)
{
    while (*left != 0 && *left == *right)
        left++, right++;
    return *left == *right;
}

static void expect_text(int line, int length, const char *expected)
{
    expect_word(line, "length", (DWORD)length, length_of(expected) + 1);
    if (!same(text, expected)) {
        expect_word(line, "text", 0, 1);
        put(text);
        put("\n");
    }
}

#define EXPECT_NUMBER(value, format, expected) \
    expect_text(__LINE__, GetNumberFormatA(US, 0, value, format, text, sizeof text), expected)
#define EXPECT_MONEY(value, format, expected) \
    expect_text(__LINE__, GetCurrencyFormatA(US, 0, value, format, text, sizeof text), expected)

static void own(void)
{
    EXPECT_NUMBER("1234567.891", NULL, "1,234,567.89");
    EXPECT_NUMBER("-12", NULL, "-12.00");
    EXPECT_NUMBER(".5", NULL, "0.50");
    EXPECT_NUMBER("-0.001", NULL, "0.00");
    EXPECT_NUMBER("000999.995", NULL, "1,000.00");
    EXPECT_MONEY("1234567.891", NULL, "$1,234,567.89");
    EXPECT_MONEY("-0.5", NULL, "($0.50)");
    EXPECT_EQUAL(GetNumberFormatA(LOCALE_USER_DEFAULT, LOCALE_NOUSEROVERRIDE, "7", NULL, text, sizeof text), 5);
    EXPECT(same(text, "7.00"));
}

static void given(void)
{
    NUMBERFMTA number = {3, 0, 32, ",", ".", 3};
    EXPECT_NUMBER("-12345678.9", &number, "1.23.45.678,900-");
    EXPECT_NUMBER("0.25", &number, ",250");
    number = (NUMBERFMTA){0, 1, 0, "", "", 0};
    EXPECT_NUMBER("-1234.5", &number, "(1235)");
    CURRENCYFMTA money = {2, 1, 3, ",", ".", 8, 3, "EUR"};
    EXPECT_MONEY("1234.5", &money, "1.234,50 EUR");
    EXPECT_MONEY("-1234.5", &money, "-1.234,50 EUR");

    static WCHAR point[] = {',', 0}, space[] = {0xA0, 0}, value[] = {'1', '0', '0', '0', 0}, wide[16];
    NUMBERFMTW in_units = {1, 1, 3, point, space, 1};
    EXPECT_EQUAL(GetNumberFormatW(US, 0, value, &in_units, wide, 16), 8);
    EXPECT(wide[0] == '1' && wide[1] == 0xA0 && wide[2] == '0' && wide[5] == ',' && wide[6] == '0' && wide[7] == 0);
    EXPECT_EQUAL(GetCurrencyFormatW(US, 0, value, NULL, wide, 16), 10);
    EXPECT(wide[0] == '$' && wide[2] == ',');
}

static void refused(void)
{
    static const char *const wrong[] = {"", "-", "1,000", " 1", "1 ", "+1", "1.2.3", "1e3", "abc"};
    for (int index = 0; index < 9; index++) {
        EXPECT_ERROR(GetNumberFormatA(US, 0, wrong[index], NULL, text, sizeof text), ERROR_INVALID_PARAMETER);
        EXPECT_ERROR(GetCurrencyFormatA(US, 0, wrong[index], NULL, text, sizeof text), ERROR_INVALID_PARAMETER);
    }
    NUMBERFMTA number = {2, 1, 3, ".", ",", 1};
    EXPECT_ERROR(GetNumberFormatA(US, LOCALE_NOUSEROVERRIDE, "1", &number, text, sizeof text), ERROR_INVALID_FLAGS);
    EXPECT_ERROR(GetNumberFormatA(US, 1, "1", NULL, text, sizeof text), ERROR_INVALID_FLAGS);
    EXPECT_ERROR(GetNumberFormatA(0x1234, 0, "1", NULL, text, sizeof text), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(GetNumberFormatA(US, 0, NULL, NULL, text, sizeof text), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(GetNumberFormatA(US, 0, "1", NULL, text, -1), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(GetNumberFormatA(US, 0, "1", NULL, NULL, 10), ERROR_INVALID_PARAMETER);
    NUMBERFMTA broken[] = {{10, 1, 3, ".", ",", 1}, {2, 2, 3, ".", ",", 1}, {2, 1, 3, NULL, ",", 1}, {2, 1, 3, ".", NULL, 1}, {2, 1, 3, ".", ",", 5}};
    for (int index = 0; index < 5; index++)
        EXPECT_ERROR(GetNumberFormatA(US, 0, "1", &broken[index], text, sizeof text), ERROR_INVALID_PARAMETER);
    CURRENCYFMTA money = {2, 1, 3, ".", ",", 16, 0, "$"};
    EXPECT_ERROR(GetCurrencyFormatA(US, 0, "1", &money, text, sizeof text), ERROR_INVALID_PARAMETER);
    money = (CURRENCYFMTA){2, 1, 3, ".", ",", 0, 0, NULL};
    EXPECT_ERROR(GetCurrencyFormatA(US, 0, "1", &money, text, sizeof text), ERROR_INVALID_PARAMETER);
}

static void room(void)
{
    EXPECT_EQUAL(GetNumberFormatA(US, 0, "1234", NULL, NULL, 0), 9);
    EXPECT_EQUAL(GetCurrencyFormatA(US, 0, "-1", NULL, NULL, 0), 8);
    EXPECT_ERROR(GetNumberFormatA(US, 0, "1234", NULL, text, 8), ERROR_INSUFFICIENT_BUFFER);
    EXPECT_EQUAL(GetNumberFormatA(US, 0, "1234", NULL, text, 9), 9);
}

static void test(void)
{
    own();
    given();
    refused();
    room();
}
