// The same with mingw's own printf engine in the program.
// cc: -U__USE_MINGW_ANSI_STDIO -D__USE_MINGW_ANSI_STDIO=1
// expect: exit 7
// stdout: Hello 42 1.000e+10 00d40000
#include <stdio.h>

int main(void)
{
    printf("Hello %d %.3e %p\n", 42, 1e10, (void *)0xd40000);
    return 7;
}
