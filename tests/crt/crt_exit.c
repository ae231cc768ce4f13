// At the end the registered functions run, last first, and what waits in streams is written.
// expect: exit 9
// stdout: main
// stdout: second
// stdout: first
// stdout: third, still in the buffer
#include <stdio.h>
#include <stdlib.h>

static void first(void)
{
    puts("first");
    printf("third, still in the buffer\n");
}

static void second(void)
{
    puts("second");
}

int main(void)
{
    atexit(first);
    atexit(second);
    puts("main");
    exit(9);
}
