// What main is called with: arguments by the library's rules, and the environment.
// expect: exit 0
// args: plain "two words" a\"b c\\d "end\\"
// env: GREETING=hello there
#include <stdlib.h>
#include "crt_check.h"

int main(int count, char **arguments, char **environment)
{
    CHECK(count == 6 && arguments[6] == NULL);
    CHECK_TEXT(arguments[1], "plain");
    CHECK_TEXT(arguments[2], "two words");
    CHECK_TEXT(arguments[3], "a\"b");
    CHECK_TEXT(arguments[4], "c\\\\d");
    CHECK_TEXT(arguments[5], "end\\");
    CHECK_TEXT(getenv("greeting"), "hello there");
    int found = 0;
    for (char **variable = environment; *variable != NULL; variable++)
        found += strcmp(*variable, "GREETING=hello there") == 0;
    CHECK(found == 1 && getenv("ABSENT") == NULL);
    CHECK(_putenv("ABSENT=here") == 0);
    CHECK_TEXT(getenv("ABSENT"), "here");
    CHECK(_putenv("ABSENT=") == 0 && getenv("ABSENT") == NULL);
    return failures != 0;
}
