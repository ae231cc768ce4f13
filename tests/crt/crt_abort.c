// abort ends with status 3, and what waited in streams is lost.
// expect: exit 3
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    printf("lost");
    abort();
}
