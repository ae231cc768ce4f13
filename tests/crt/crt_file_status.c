// stat and fstat in their layouts, descriptors for the same, and refusals of a volume that only can be read.
// expect: exit 0
// stdout: through the copy
#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <sys/stat.h>
#include <windows.h>
#include "crt_check.h"

int main(int count, char **arguments)
{
    struct _stat narrow, same;
    struct _stati64 wide_size;
    struct _stat64 wide;
    CHECK(count == 1 && sizeof narrow == 36 && sizeof wide_size == 48 && sizeof wide == 56);
    int image = _open(arguments[0], _O_RDONLY | _O_BINARY);
    CHECK(_stat(arguments[0], &narrow) == 0 && narrow.st_mode == 0100777 && narrow.st_dev == 2 && narrow.st_nlink == 1);
    CHECK(narrow.st_size == _filelength(image) && narrow.st_size > 4096);
    CHECK(narrow.st_mtime == 315532800 && narrow.st_ctime == 315532800); // the image of the volume begins in 1980
    CHECK(_stati64(arguments[0], &wide_size) == 0 && wide_size.st_size == narrow.st_size && wide_size.st_mtime == narrow.st_mtime);
    CHECK(_stat64(arguments[0], &wide) == 0 && wide.st_size == narrow.st_size && wide.st_ctime == narrow.st_ctime);
    CHECK(_fstat(image, &same) == 0 && same.st_mode == 0100666 && same.st_dev == 0 && same.st_mtime == narrow.st_mtime);
    CHECK(same.st_size == narrow.st_size && _fstat64(image, &wide) == 0 && wide.st_atime == narrow.st_atime);
    CHECK(_stat("C:\\WINDOWS", &narrow) == 0 && narrow.st_mode == 0040777 && narrow.st_size == 0);
    CHECK(_stat("C:\\", &narrow) == 0 && narrow.st_mode == 0040777 && narrow.st_mtime == 315532800);
    errno = 0;
    CHECK(_stat("C:\\absent", &narrow) == -1 && errno == ENOENT && _stat("*", &narrow) == -1 && _stat("", &narrow) == -1);
    errno = 0;
    CHECK(_fstat(77, &narrow) == -1 && errno == EBADF);
    CHECK(_fstat(1, &narrow) == 0 && (narrow.st_mode & _S_IFMT) == _S_IFIFO && narrow.st_dev == 1);

    BY_HANDLE_FILE_INFORMATION information;
    CHECK(GetFileInformationByHandle((HANDLE)_get_osfhandle(image), &information) && information.nNumberOfLinks == 1);
    CHECK(information.nFileSizeLow == (DWORD)same.st_size && information.dwVolumeSerialNumber != 0);
    CHECK(!GetFileInformationByHandle((HANDLE)0x7777, &information) && GetLastError() == ERROR_INVALID_HANDLE);

    // A copy has its own number and the same position.
    char head[2];
    int copy = _dup(image);
    CHECK(copy > image && _get_osfhandle(copy) != _get_osfhandle(image));
    CHECK(_read(image, head, 2) == 2 && _tell(copy) == 2 && _close(image) == 0 && _lseek(copy, 0, SEEK_SET) == 0);
    CHECK(_read(copy, head, 2) == 2 && head[0] == 'M' && _dup2(copy, 9) == 0 && _tell(9) == 2 && _dup2(9, 9) == 0);
    CHECK(_close(copy) == 0 && _close(9) == 0 && _close(9) == -1);
    CHECK(_dup(77) == -1 && errno == EBADF && _dup2(77, 1) == -1 && _dup2(1, 2048) == -1);
    // Standard output goes elsewhere and comes back, for the process too.
    int kept = _dup(1), other = _open(arguments[0], _O_RDONLY);
    CHECK(_dup2(other, 1) == 0 && (intptr_t)GetStdHandle(STD_OUTPUT_HANDLE) == _get_osfhandle(1));
    CHECK(_write(1, "lost", 4) == -1 && errno == EBADF);
    CHECK(_dup2(kept, 1) == 0 && _close(kept) == 0 && _close(other) == 0);
    puts("through the copy");

    errno = 0;
    // A program that runs can get another name.
    CHECK(rename(arguments[0], "C:\\other.exe") == 0 && rename("C:\\other.exe", arguments[0]) == 0);
    CHECK(rename(arguments[0], "C:\\WINDOWS") == -1 && errno == EEXIST);
    CHECK(rename("C:\\absent", "C:\\other") == -1 && errno == ENOENT);
    return failures != 0;
}
