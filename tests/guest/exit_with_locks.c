// Who ends the process gets the critical sections that the other threads held: they are gone, and nobody waits for them.
// expect: exit 9
// stdout: the section is entered
#include "test.h"

static CRITICAL_SECTION section;
static HANDLE held;
DWORD storage_index;
static DWORD template[1];

static void NTAPI callback(PVOID base, DWORD reason, PVOID context)
{
    (void)base, (void)context;
    if (reason != DLL_PROCESS_DETACH)
        return;
    EnterCriticalSection(&section);
    EXPECT_EQUAL((DWORD)section.OwningThread, GetCurrentThreadId());
    put("the section is entered\n");
    LeaveCriticalSection(&section);
}

static const PVOID callbacks[] = {(PVOID)callback, NULL};
const IMAGE_TLS_DIRECTORY32 _tls_used = {(DWORD)template, (DWORD)&template[1], (DWORD)&storage_index, (DWORD)callbacks, 0, 0};

static DWORD WINAPI hold(PVOID argument)
{
    (void)argument;
    EnterCriticalSection(&section);
    HeapLock(GetProcessHeap());
    SetEvent(held);
    Sleep(INFINITE);
    return 0;
}

static void test(void)
{
    InitializeCriticalSection(&section);
    held = CreateEventW(NULL, FALSE, FALSE, NULL);
    CreateThread(NULL, 0, hold, NULL, 0, NULL);
    EXPECT_EQUAL(WaitForSingleObject(held, 10000), WAIT_OBJECT_0);
    ExitProcess(failures == 0 ? 9 : 1);
}
