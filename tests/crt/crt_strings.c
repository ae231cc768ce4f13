// string.h and ctype.h, and text that becomes numbers and back.
// expect: exit 0
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <wchar.h>
#include "crt_check.h"

static void strings(void)
{
    char text[64] = "abc";
    CHECK_TEXT(strcat(strcpy(text, "one"), "two"), "onetwo");
    CHECK_TEXT(strncat(text, "three", 2), "onetwoth");
    CHECK(strncpy(text, "x", 3) == text && text[1] == 0 && text[2] == 0 && text[3] == 't');
    CHECK(strcmp("a", "b") < 0 && strcmp("b", "a") > 0 && strncmp("abc", "abd", 2) == 0);
    CHECK(_stricmp("HeLLo", "hEllO") == 0 && _strnicmp("ABx", "aby", 2) == 0);
    strcpy(text, "a,b;;c");
    CHECK_TEXT(strtok(text, ",;"), "a");
    CHECK_TEXT(strtok(NULL, ",;"), "b");
    CHECK_TEXT(strtok(NULL, ",;"), "c");
    CHECK(strtok(NULL, ",;") == NULL);
    CHECK_TEXT(strrchr("a/b/c", '/'), "/c");
    CHECK_TEXT(strstr("haystack", "st"), "stack");
    CHECK(strstr("x", "yz") == NULL && strchr("abc", 0) != NULL && strpbrk("abc", "xc") != NULL);
    CHECK(strspn("aab", "a") == 2 && strcspn("aab", "b") == 2);
    CHECK(memchr("abc", 'c', 2) == NULL && memcmp("ab", "ac", 2) < 0);
    CHECK_TEXT(strerror(ENOENT), "No such file or directory");
    CHECK(wcslen(L"four") == 4 && wcscmp(L"a", L"b") < 0 && wcschr(L"abc", L'c') != NULL);
}

static void numbers(void)
{
    char *end, text[40];
    errno = 0;
    CHECK(strtol("  -0x1fz", &end, 0) == -31 && *end == 'z' && errno == 0);
    CHECK(strtol("99999999999", &end, 10) == LONG_MAX && errno == ERANGE);
    CHECK(strtoul("4294967295", NULL, 10) == ULONG_MAX && atoi(" 12x") == 12);
    CHECK(_atoi64("-5000000000") == -5000000000LL);
    CHECK(strtod("2.5e3x", &end) == 2500.0 && *end == 'x' && atof(".5") == 0.5);
    errno = 0;
    CHECK(strtod("1e999", NULL) == HUGE_VAL && errno == ERANGE);
    CHECK_TEXT(_itoa(-255, text, 16), "ffffff01");
    CHECK_TEXT(_i64toa(-255, text, 10), "-255");
    int number = 0;
    char word[8] = "";
    CHECK(sscanf("17 apples", "%d %7s", &number, word) == 2 && number == 17);
    CHECK_TEXT(word, "apples");
    CHECK(_snprintf(text, 4, "%d", 12345) == -1 && memcmp(text, "1234", 4) == 0);
}

int main(void)
{
    strings();
    numbers();
    CHECK(isalpha('a') && !isalpha('1') && isspace('\t') && ispunct('!') && isxdigit('F') && !isprint(7));
    CHECK(toupper('a') == 'A' && tolower('A') == 'a' && toupper('1') == '1');
    return failures != 0;
}
