// The C library's files are written: every mode of fopen, text and binary, descriptors, directories, temporary files.
// expect: exit 0
#include <direct.h>
#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utime.h>
#include "crt_need.h"

static int failures;
#define CHECK(what) ((what) ? (void)0 : (void)(printf("line %d: %s (errno %d)\n", __LINE__, #what, errno), failures++))

// What is in the file, as bytes.
static long contents(const char *name, char *into, size_t room)
{
    FILE *file = fopen(name, "rb");
    if (file == NULL)
        return -1;
    size_t count = fread(into, 1, room, file);
    fclose(file);
    return (long)count;
}

static void modes(void)
{
    char bytes[64];
    FILE *file = NEED(fopen("modes.txt", "w"));
    CHECK(fputs("one\ntwo\n", file) == 0 && fclose(file) == 0);
    CHECK(contents("modes.txt", bytes, sizeof bytes) == 10 && memcmp(bytes, "one\r\ntwo\r\n", 10) == 0);
    file = NEED(fopen("modes.txt", "a"));
    CHECK(fprintf(file, "%d\n", 3) == 2 && fclose(file) == 0);
    CHECK(contents("modes.txt", bytes, sizeof bytes) == 13 && memcmp(bytes + 10, "3\r\n", 3) == 0);
    file = NEED(fopen("modes.txt", "r+b"));
    CHECK(fseek(file, 5, SEEK_SET) == 0 && fwrite("TWO", 1, 3, file) == 3);
    CHECK(fseek(file, 0, SEEK_SET) == 0 && fread(bytes, 1, 8, file) == 8 && memcmp(bytes, "one\r\nTWO", 8) == 0);
    CHECK(fclose(file) == 0);
    file = NEED(fopen("modes.txt", "r"));
    CHECK(fgets(bytes, sizeof bytes, file) != NULL && strcmp(bytes, "one\n") == 0);
    CHECK(fputc('x', file) == EOF && ferror(file));
    CHECK(fclose(file) == 0);
    file = NEED(fopen("modes.txt", "w+"));
    CHECK(fgetc(file) == EOF && fputs("new", file) == 0);
    rewind(file);
    CHECK(fgetc(file) == 'n' && fclose(file) == 0);
    file = NEED(fopen("modes.txt", "a+b"));
    CHECK(fputs("er", file) == 0);
    rewind(file);
    CHECK(fread(bytes, 1, sizeof bytes, file) == 5 && memcmp(bytes, "newer", 5) == 0 && fclose(file) == 0);
    errno = 0;
    CHECK(fopen("absent.txt", "r+") == NULL && errno == ENOENT);
    CHECK(remove("modes.txt") == 0 && remove("modes.txt") == -1 && errno == ENOENT);
}

static void descriptors(void)
{
    char bytes[16];
    int file = _open("low", _O_RDWR | _O_CREAT | _O_EXCL | _O_BINARY, _S_IREAD | _S_IWRITE);
    CHECK(file >= 0 && _write(file, "0123456789", 10) == 10 && _filelength(file) == 10);
    CHECK(_open("low", _O_RDWR | _O_CREAT | _O_EXCL, _S_IWRITE) == -1 && errno == EEXIST);
    CHECK(_chsize(file, 4) == 0 && _filelength(file) == 4 && _tell(file) == 10);
    CHECK(_chsize(file, 8) == 0 && _lseek(file, 0, SEEK_SET) == 0 && _read(file, bytes, 16) == 8);
    CHECK(memcmp(bytes, "0123\0\0\0\0", 8) == 0 && _commit(file) == 0 && _close(file) == 0);
    file = _open("low", _O_WRONLY | _O_TRUNC);
    CHECK(file >= 0 && _filelength(file) == 0 && _close(file) == 0);
    CHECK(_access("low", 0) == 0 && _access("low", 6) == 0);
    CHECK(_chmod("low", _S_IREAD) == 0 && _access("low", 2) == -1 && errno == EACCES);
    CHECK(_open("low", _O_WRONLY) == -1 && errno == EACCES && _unlink("low") == -1 && errno == EACCES);
    CHECK(_chmod("low", _S_IREAD | _S_IWRITE) == 0);
    struct _utimbuf times = {1000000000, 1200000000};
    struct _stat status;
    CHECK(_utime("low", &times) == 0 && _stat("low", &status) == 0 && status.st_mtime == 1200000000);
    CHECK(rename("low", "lower") == 0 && _access("low", 0) == -1 && _unlink("lower") == 0);
}

static void directories(void)
{
    CHECK(_mkdir("folder") == 0 && _mkdir("folder") == -1 && errno == EEXIST);
    FILE *file = NEED(fopen("folder\\inside", "w"));
    CHECK(fclose(file) == 0);
    CHECK(_rmdir("folder") == -1 && errno == ENOTEMPTY);
    CHECK(remove("folder\\inside") == 0 && _rmdir("folder") == 0 && _rmdir("folder") == -1 && errno == ENOENT);
}

static void temporary(void)
{
    char name[L_tmpnam], other[L_tmpnam], bytes[4];
    CHECK(tmpnam(name) == name && tmpnam(other) == other && strcmp(name, other) != 0 && _access(name, 0) == -1);
    FILE *file = NEED(tmpfile());
    CHECK(fputs("temp", file) == 0);
    rewind(file);
    CHECK(fread(bytes, 1, 4, file) == 4 && memcmp(bytes, "temp", 4) == 0 && fclose(file) == 0);
}

int main(void)
{
    modes();
    descriptors();
    directories();
    temporary();
    return failures != 0;
}
