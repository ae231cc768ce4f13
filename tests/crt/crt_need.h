// A stream that a test cannot go on without: the library looks at whatever it is given.
#ifndef CRT_NEED_H
#define CRT_NEED_H

#include <stdio.h>
#include <stdlib.h>

#define NEED(stream) needed(stream, __LINE__)

static FILE *needed(FILE *stream, int line)
{
    if (stream == NULL) {
        printf("line %d: no stream\n", line);
        exit(1);
    }
    return stream;
}

#endif
