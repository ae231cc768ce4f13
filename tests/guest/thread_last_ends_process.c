// The process ends with its last thread, and with that one's status.
// expect: exit 21
#include "test.h"

static DWORD WINAPI last(void *argument)
{
    WaitForSingleObject((HANDLE)argument, INFINITE);
    return 21;
}

static void test(void)
{
    HANDLE own = NULL;
    EXPECT(DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(), &own, 0, FALSE, DUPLICATE_SAME_ACCESS));
    CreateThread(NULL, 0, last, own, 0, NULL);
    ExitThread(1);
}
