// Environment variables are read without regard to case, set, replaced and removed.
// expect: exit 0
// env: GREETING=hello there
// env: EMPTY=
#include "test.h"

static void test(void)
{
    char value[64];
    EXPECT_EQUAL(GetEnvironmentVariableA("greeting", value, sizeof value), 11);
    EXPECT_EQUAL(lstrcmpA(value, "hello there"), 0);
    EXPECT_EQUAL(GetEnvironmentVariableA("GREETING", value, 5), 12);
    EXPECT_ERROR(GetEnvironmentVariableA("NOSUCH", value, sizeof value), ERROR_ENVVAR_NOT_FOUND);
    EXPECT_EQUAL(GetEnvironmentVariableA("EMPTY", value, sizeof value), 0);
    EXPECT(SetEnvironmentVariableA("GREETING", "bye") && SetEnvironmentVariableW(L"NEW", L"1"));
    EXPECT_EQUAL(GetEnvironmentVariableA("Greeting", value, sizeof value), 3);
    EXPECT_EQUAL(GetEnvironmentVariableA("new", value, sizeof value), 1);
    EXPECT(SetEnvironmentVariableA("NEW", NULL));
    EXPECT_ERROR(GetEnvironmentVariableA("NEW", value, sizeof value), ERROR_ENVVAR_NOT_FOUND);
    char *strings = GetEnvironmentStringsA();
    EXPECT(strings != NULL);
    int count = 0;
    for (char *at = strings; *at != 0; at += lstrlenA(at) + 1)
        count++;
    EXPECT(count >= 2);
    EXPECT(FreeEnvironmentStringsA(strings));
}
