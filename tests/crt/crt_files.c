// Files: its own image in binary, refusals, and both ends of a stream's life.
// expect: exit 0
#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include "crt_check.h"

int main(int count, char **arguments)
{
    CHECK(count == 1);
    FILE *image = fopen(arguments[0], "rb");
    if (image == NULL) {
        printf("%s: %s\n", arguments[0], strerror(errno));
        return 1;
    }
    char head[64];
    CHECK(fread(head, 1, 64, image) == 64 && head[0] == 'M' && head[1] == 'Z');
    CHECK(ftell(image) == 64);
    int header = *(int *)(head + 60);
    CHECK(fseek(image, header, SEEK_SET) == 0 && fgetc(image) == 'P' && getc(image) == 'E');
    CHECK(ungetc('x', image) == 'x' && fgetc(image) == 'x' && ftell(image) == header + 2);
    CHECK(fseek(image, 0, SEEK_END) == 0 && ftell(image) == _filelength(_fileno(image)));
    CHECK(fgetc(image) == EOF && feof(image) && !ferror(image));
    rewind(image);
    CHECK(!feof(image) && fgetc(image) == 'M');
    CHECK(fputc('x', image) == EOF && ferror(image));
    CHECK(fclose(image) == 0);
    CHECK(fopen("C:\\absent.txt", "r") == NULL && errno == ENOENT);
    CHECK(fopen("C:\\absent\\absent.txt", "w") == NULL);
    errno = 0;
    CHECK(fopen(arguments[0], "?") == NULL && errno == EINVAL);
    CHECK(_open("C:\\absent.txt", _O_RDONLY) == -1 && _close(77) == -1 && errno == EBADF);
    CHECK(_write(77, "x", 1) == -1 && _read(77, head, 1) == -1 && _lseek(77, 0, SEEK_SET) == -1);
    return failures != 0;
}
