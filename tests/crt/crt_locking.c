// _locking and the share modes of _sopen and _fsopen.
// expect: exit 0
#include "crt_check.h"
#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <share.h>
#include <sys/locking.h>
#include <sys/stat.h>
#include <windows.h>

#define NAME "locking.bin"

static int at(int descriptor, long place, int mode, long count)
{
    CHECK(_lseek(descriptor, place, SEEK_SET) == place);
    errno = 0;
    return _locking(descriptor, mode, count);
}

static int second;

static DWORD WINAPI release(void *descriptor)
{
    Sleep(1500);
    CHECK(_locking(*(int *)descriptor, LK_UNLCK, 4) == 0);
    return 0;
}

// Nobody gives it up: ten tries.
static DWORD WINAPI insist(void *argument)
{
    (void)argument;
    int third = _open(NAME, _O_RDWR | _O_BINARY);
    DWORD before = GetTickCount();
    CHECK(at(third, 100, LK_RLCK, 4) == -1 && errno == EDEADLOCK);
    DWORD waited = GetTickCount() - before;
    CHECK(waited >= 8900 && waited < 12000);
    CHECK(_close(third) == 0);
    return 0;
}

static void locks(void)
{
    char bytes[4];
    int first = _open(NAME, _O_CREAT | _O_TRUNC | _O_RDWR | _O_BINARY, _S_IREAD | _S_IWRITE);
    second = _open(NAME, _O_RDWR | _O_BINARY);
    CHECK(first >= 0 && second >= 0 && _write(first, "0123456789", 10) == 10);
    CHECK(at(first, 100, LK_NBLCK, 1) == 0);
    HANDLE hopeless = CreateThread(NULL, 0, insist, NULL, 0, NULL);
    CHECK(at(first, 2, LK_NBLCK, 4) == 0);
    CHECK(at(second, 5, LK_NBLCK, 1) == -1 && errno == EACCES);
    CHECK(at(second, 5, LK_NBRLCK, 1) == -1 && errno == EACCES);
    CHECK(at(second, 6, LK_NBLCK, 1) == 0 && at(second, 6, LK_UNLCK, 1) == 0);
    CHECK(at(second, 6, LK_UNLCK, 1) == -1 && errno == EACCES);
    CHECK(at(first, 2, 9, 4) == -1 && errno == EINVAL);
    CHECK(at(first, 2, LK_NBLCK, -1) == -1 && errno == EINVAL);
    errno = 0;
    CHECK(_locking(99, LK_NBLCK, 1) == -1 && errno == EBADF);
    errno = 0;
    CHECK(_lseek(second, 3, SEEK_SET) == 3 && _read(second, bytes, 1) == -1 && errno == EACCES);
    errno = 0;
    CHECK(_write(second, bytes, 1) == -1 && errno == EACCES);
    // Somebody gives it up at the second try.
    CHECK(_lseek(first, 2, SEEK_SET) == 2);
    HANDLE thread = CreateThread(NULL, 0, release, &first, 0, NULL);
    DWORD before = GetTickCount();
    CHECK(at(second, 2, LK_LOCK, 4) == 0);
    DWORD waited = GetTickCount() - before;
    CHECK(waited >= 1900 && waited < 4000);
    CHECK(WaitForSingleObject(thread, 5000) == WAIT_OBJECT_0 && CloseHandle(thread));
    CHECK(WaitForSingleObject(hopeless, 20000) == WAIT_OBJECT_0 && CloseHandle(hopeless));
    CHECK(_close(second) == 0);
    CHECK(at(first, 2, LK_LOCK, 4) == 0);
    CHECK(_close(first) == 0);
}

// Whether the file can be opened so beside one that is opened with a share mode.
static int beside(int share, int how)
{
    int first = _sopen(NAME, _O_RDONLY | _O_BINARY, share);
    CHECK(first >= 0);
    errno = 0;
    int other = _sopen(NAME, how | _O_BINARY, _SH_DENYNO);
    CHECK(other >= 0 || errno == EACCES);
    if (other >= 0)
        _close(other);
    CHECK(_close(first) == 0);
    return other >= 0;
}

static void shares(void)
{
    CHECK(!beside(_SH_DENYRW, _O_RDONLY) && !beside(_SH_DENYRW, _O_WRONLY));
    CHECK(beside(_SH_DENYWR, _O_RDONLY) && !beside(_SH_DENYWR, _O_WRONLY));
    CHECK(!beside(_SH_DENYRD, _O_RDONLY) && beside(_SH_DENYRD, _O_WRONLY));
    CHECK(beside(_SH_DENYNO, _O_RDONLY) && beside(_SH_DENYNO, _O_RDWR));
    errno = 0;
    CHECK(_sopen(NAME, _O_RDONLY, 0x50) == -1 && errno == EINVAL);
    FILE *stream = _fsopen(NAME, "r", _SH_DENYRW);
    errno = 0;
    CHECK(stream != NULL && fopen(NAME, "r") == NULL && errno == EACCES && fclose(stream) == 0);
    stream = _wfsopen(L"" NAME, L"r", _SH_DENYWR);
    CHECK(stream != NULL && fopen(NAME, "r+") == NULL);
    FILE *reader = fopen(NAME, "r");
    CHECK(reader != NULL && fclose(reader) == 0 && fclose(stream) == 0);
    int wide = _wsopen(L"" NAME, _O_RDWR, _SH_DENYRW);
    CHECK(wide >= 0 && _open(NAME, _O_RDONLY) == -1 && _close(wide) == 0);
    CHECK(_fsopen(NAME, "r", 1) == NULL && remove(NAME) == 0);
}

int main(void)
{
    locks();
    shares();
    return failures != 0;
}
