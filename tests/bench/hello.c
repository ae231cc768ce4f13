// cc-library: msvcrt
// What a C programmer writes first.
#include <stdio.h>

int main(void)
{
    printf("Hello, world\n");
    return 0;
}
