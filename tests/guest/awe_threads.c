// Threads that map the same frames at the same time: each frame is at one place at most, whoever comes first. An array that another thread
// takes away while frames are given. And the process ends in the middle of it all.
// expect: exit 0
// cc: -ladvapi32
#include "lock_memory.h"

#define PAGES 100
#define THREADS 3
#define ROUNDS 200
// So many frames are given in more than one turn: 24 MB.
#define MANY 6000

static ULONG_PTR frames[PAGES];
static char *windows[THREADS];
static volatile LONG done, successes, strange;

static DWORD WINAPI map_and_unmap(PVOID number)
{
    char *window = windows[(DWORD)number];
    for (DWORD round = 0; round < ROUNDS; round++) {
        NTSTATUS status = NtMapUserPhysicalPages(window, PAGES, frames);
        if (status == SUCCESS) {
            InterlockedIncrement(&successes);
            if (NtMapUserPhysicalPages(window, PAGES, NULL) != SUCCESS)
                InterlockedIncrement(&strange);
        } else if (status != CONFLICT && status != NO_RESOURCES && status != NO_MEMORY_LEFT) {
            InterlockedIncrement(&strange);
        }
        SwitchToThread();
    }
    InterlockedIncrement(&done);
    // From here on for ever: the process ends meanwhile.
    for (;;) {
        ULONG_PTR count = 1, frame;
        NtMapUserPhysicalPages(window, PAGES, frames);
        NtMapUserPhysicalPages(window, PAGES, NULL);
        if (NtAllocateUserPhysicalPages(OWN_PROCESS, &count, &frame) == SUCCESS)
            NtFreeUserPhysicalPages(OWN_PROCESS, &count, &frame);
    }
    return 0;
}

static ULONG_PTR *array;
static volatile BOOL over;

static DWORD WINAPI take_array_away(PVOID nothing)
{
    while (!over) {
        VirtualFree(array, MANY * sizeof *array, MEM_DECOMMIT);
        SwitchToThread();
        VirtualAlloc(array, MANY * sizeof *array, MEM_COMMIT, PAGE_READWRITE);
        SwitchToThread();
    }
    return (DWORD)nothing;
}

static void vanishing_array(void)
{
    array = need(VirtualAlloc(NULL, MANY * sizeof *array, MEM_RESERVE, PAGE_READWRITE));
    HANDLE thread = need(CreateThread(NULL, 0, take_array_away, NULL, 0, NULL));
    for (int round = 0; round < 10; round++) {
        ULONG_PTR count = MANY;
        NTSTATUS status = NtAllocateUserPhysicalPages(OWN_PROCESS, &count, array);
        EXPECT(status == SUCCESS || status == VIOLATION || status == NO_RESOURCES);
        EXPECT(status == SUCCESS ? count > 0 && count <= MANY : count == MANY);
        if (status != SUCCESS)
            continue;
        // What the array tells of is freed, as far as it is still there.
        ULONG_PTR freed = count;
        status = NtFreeUserPhysicalPages(OWN_PROCESS, &freed, array);
        EXPECT(status == SUCCESS ? freed == count : freed < count && (status == VIOLATION || status == CONFLICT));
    }
    over = TRUE;
    EXPECT_EQUAL(WaitForSingleObject(thread, 20000), WAIT_OBJECT_0);
}

static void test(void)
{
    ULONG_PTR count = PAGES;
    set_lock_memory(SE_PRIVILEGE_ENABLED);
    if (NtAllocateUserPhysicalPages(OWN_PROCESS, &count, frames) != SUCCESS || count != PAGES)
        ExitProcess(1);
    for (DWORD index = 0; index < THREADS; index++)
        windows[index] = need(VirtualAlloc(NULL, PAGES * PAGE, MEM_RESERVE | MEM_PHYSICAL, PAGE_READWRITE));
    for (DWORD index = 0; index < THREADS; index++)
        need(CreateThread(NULL, 0, map_and_unmap, (PVOID)index, 0, NULL));
    while (done < THREADS)
        Sleep(1);
    EXPECT(successes > 0);
    EXPECT_EQUAL(strange, 0);
    vanishing_array();
}
