// The first program as the compiler builds it by itself: with its own printf engine in the program.
// cc: -U__USE_MINGW_ANSI_STDIO
// expect: exit 7
// stdout: Hello 42
#include <stdio.h>

int main(void)
{
    printf("Hello %d\n", 42);
    return 7;
}
