// Threads of Win32 under a semaphore, each with a variable of its own: four begin at 5 and add 0, 1, 2 and 3.
// expect: exit 0
// stdout: 26
#include <stdio.h>
#include <windows.h>

enum { THREADS = 4 };

static __thread int own = 5;
static HANDLE semaphore;
static int total;

static DWORD WINAPI add(PVOID number)
{
    own += (int)number;
    if (WaitForSingleObject(semaphore, INFINITE) != WAIT_OBJECT_0)
        return 1;
    total += own;
    return !ReleaseSemaphore(semaphore, 1, NULL);
}

int main(void)
{
    HANDLE threads[THREADS];
    DWORD status, failed = 0;
    semaphore = CreateSemaphoreW(NULL, 1, 1, NULL);
    for (int number = 0; number < THREADS; number++)
        threads[number] = CreateThread(NULL, 0, add, (PVOID)number, 0, NULL);
    if (WaitForMultipleObjects(THREADS, threads, TRUE, 10000) != WAIT_OBJECT_0)
        return 1;
    for (int number = 0; number < THREADS; number++)
        failed |= !GetExitCodeThread(threads[number], &status) || status != 0 || !CloseHandle(threads[number]);
    printf("%d\n", total);
    return failed != 0 || own != 5 || !CloseHandle(semaphore);
}
