// A thread gives its own stack back and calls on: the program dies of it.
// expect: exception C0000005
#include "test.h"

static DWORD WINAPI body(void *argument)
{
    (void)argument;
    DWORD local;
    free_at((PVOID)query(&local).AllocationBase, 0, MEM_RELEASE);
    return 0;
}

static void test(void)
{
    WaitForSingleObject(CreateThread(NULL, 0, body, NULL, 0, NULL), INFINITE);
}
