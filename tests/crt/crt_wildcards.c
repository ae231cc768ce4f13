// A program that asks for it gets wildcards expanded, in order, but those in quotes and those that mean nothing.
// expect: exit 0
// args: C:\WINDOWS\system32\k*.dll "C:\WINDOWS\system32\*.dll" *.absent C:\WINDOWS\system32\[mn]?*.dll C:\WINDOWS\sys*
#include "crt_check.h"

// The start-up code of the compiler hands this to the library.
int _dowildcard = -1;

int main(int count, char **arguments)
{
    CHECK(count == 6);
    CHECK_TEXT(arguments[1], "C:\\WINDOWS\\system32\\kernel32.dll");
    CHECK_TEXT(arguments[2], "C:\\WINDOWS\\system32\\*.dll");
    CHECK_TEXT(arguments[3], "*.absent");
    CHECK_TEXT(arguments[4], "C:\\WINDOWS\\system32\\[mn]?*.dll");
    CHECK_TEXT(arguments[5], "C:\\WINDOWS\\system32");
    return failures != 0;
}
