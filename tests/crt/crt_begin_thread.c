// Threads of the C library: what they are handed, how they end, whose handle is closed, and what each has of its own.
// expect: exit 0
#include <errno.h>
#include <process.h>
#include <stdlib.h>
#include <windows.h>
#include "crt_check.h"

static unsigned __stdcall returns(void *argument)
{
    CHECK(errno == 0 && rand() == 41);
    errno = 77;
    return *(unsigned *)argument + 1;
}

static unsigned __stdcall ends(void *argument)
{
    _endthreadex(*(unsigned *)argument + 2);
    return 0;
}

static HANDLE own, done;

static void __cdecl procedure(void *argument)
{
    CHECK(argument == &done);
    DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(), &own, 0, FALSE, DUPLICATE_SAME_ACCESS);
    SetEvent(done);
}

static void __cdecl ends_early(void *argument)
{
    procedure(argument);
    _endthread();
}

static DWORD status_of(HANDLE thread)
{
    DWORD status = 0;
    CHECK(WaitForSingleObject(thread, 10000) == WAIT_OBJECT_0);
    CHECK(GetExitCodeThread(thread, &status) && CloseHandle(thread));
    return status;
}

static void closes_its_handle(void(__cdecl *start)(void *))
{
    HANDLE thread = (HANDLE)_beginthread(start, 0, &done);
    CHECK(thread != (HANDLE)-1 && WaitForSingleObject(done, 10000) == WAIT_OBJECT_0);
    CHECK(status_of(own) == 0);
    CHECK(!CloseHandle(thread) && GetLastError() == ERROR_INVALID_HANDLE);
}

int main(void)
{
    unsigned argument = 40, identifier = 0;
    srand(5), rand();
    HANDLE thread = (HANDLE)_beginthreadex(NULL, 0, returns, &argument, CREATE_SUSPENDED, &identifier);
    CHECK(identifier != 0 && WaitForSingleObject(thread, 0) == WAIT_TIMEOUT && ResumeThread(thread) == 1);
    CHECK(status_of(thread) == 41);
    CHECK(status_of((HANDLE)_beginthreadex(NULL, 0, ends, &argument, 0, NULL)) == 42);
    CHECK(errno != 77);
    done = CreateEventA(NULL, FALSE, FALSE, NULL);
    closes_its_handle(procedure);
    closes_its_handle(ends_early);
    errno = 0;
    CHECK(_beginthreadex(NULL, 0x7C000000, returns, &argument, 0, NULL) == 0 && errno == ENOMEM);
    CHECK(_beginthread(procedure, 0x7C000000, &done) == (uintptr_t)-1);
    return failures != 0;
}
