// The first program: printf of the C library, and main's value is the exit status.
// expect: exit 7
// stdout: Hello 42
#include <stdio.h>

int main(void)
{
    printf("Hello %d\n", 42);
    return 7;
}
