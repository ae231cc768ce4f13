// Wide characters through streams, as text and with both their bytes; paths taken apart and put together.
// expect: exit 0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "crt_check.h"
#include "crt_need.h"

_CRTIMP wchar_t *__cdecl fgetws(wchar_t *, int, FILE *);

static void as_text(void)
{
    wchar_t line[16];
    char bytes[32];
    int number = 0;
    FILE *file = NEED(fopen("wide.txt", "w+t"));
    CHECK(fputws(L"one\ntwo 22\n", file) >= 0 && fputwc(L'x', file) == L'x' && putwc(0xE4, file) == 0xE4);
    CHECK(fwprintf(file, L"%ls%d", L"ab", 7) == 3);
    errno = 0;
    CHECK(fputwc(0x20AC, file) == WEOF && errno == EILSEQ);
    CHECK(ftell(file) == 18);
    rewind(file);
    CHECK(fgetws(line, 16, file) == line && wcscmp(line, L"one\n") == 0);
    CHECK(fgetws(line, 3, file) == line && wcscmp(line, L"tw") == 0);
    CHECK(fwscanf(file, L"o %d", &number) == 1 && number == 22);
    CHECK(fgetwc(file) == L'\n' && getwc(file) == L'x' && ungetwc(L'y', file) == L'y' && fgetwc(file) == L'y');
    CHECK(fgetws(line, 16, file) == line && wcscmp(line, L"\u00e4" L"ab7") == 0);
    CHECK(fgetws(line, 16, file) == NULL && feof(file) && fgetwc(file) == WEOF);
    CHECK(fclose(file) == 0);
    file = NEED(fopen("wide.txt", "rb"));
    CHECK(fread(bytes, 1, sizeof bytes, file) == 18 && memcmp(bytes, "one\r\ntwo 22\r\nx\xe4" "ab7", 18) == 0);
    CHECK(fclose(file) == 0 && remove("wide.txt") == 0);
}

static void as_units(void)
{
    wchar_t line[16];
    unsigned char bytes[32];
    int number = 0;
    FILE *file = NEED(fopen("wide.bin", "w+b"));
    CHECK(fputws(L"a\n", file) >= 0 && fputwc(0x20AC, file) == 0x20AC && fwprintf(file, L" %d", 5) == 2);
    CHECK(ftell(file) == 10);
    rewind(file);
    CHECK(fread(bytes, 1, sizeof bytes, file) == 10 && memcmp(bytes, "a\0\n\0\xac\x20 \0" "5\0", 10) == 0);
    rewind(file);
    CHECK(fgetws(line, 16, file) == line && wcscmp(line, L"a\n") == 0);
    CHECK(fgetwc(file) == 0x20AC && ungetwc(0x20AC, file) == 0x20AC && fgetwc(file) == 0x20AC);
    CHECK(fwscanf(file, L"%d", &number) == 1 && number == 5 && fgetwc(file) == WEOF);
    CHECK(fclose(file) == 0 && remove("wide.bin") == 0);
}

static void paths(void)
{
    char drive[_MAX_DRIVE], directory[_MAX_DIR], name[_MAX_FNAME], extension[_MAX_EXT], path[_MAX_PATH];
    wchar_t wide[_MAX_PATH], part[_MAX_FNAME];
    _splitpath("C:\\one/two\\three.tar.gz", drive, directory, name, extension);
    CHECK_TEXT(drive, "C:");
    CHECK_TEXT(directory, "\\one/two\\");
    CHECK_TEXT(name, "three.tar");
    CHECK_TEXT(extension, ".gz");
    _makepath(path, drive, directory, name, extension);
    CHECK_TEXT(path, "C:\\one/two\\three.tar.gz");
    _splitpath("plain", drive, directory, NULL, extension);
    CHECK(drive[0] == 0 && directory[0] == 0 && extension[0] == 0);
    _makepath(path, "d", "dir", "name", "e");
    CHECK_TEXT(path, "d:dir\\name.e");
    _makepath(path, NULL, NULL, "name", NULL);
    CHECK_TEXT(path, "name");
    _wsplitpath(L"x\\y.z", NULL, NULL, part, NULL);
    CHECK(wcscmp(part, L"y") == 0);
    _wmakepath(wide, L"Q:", L"\\", L"n", L".t");
    CHECK(wcscmp(wide, L"Q:\\n.t") == 0);
}

int main(void)
{
    as_text();
    as_units();
    paths();
    return failures;
}
