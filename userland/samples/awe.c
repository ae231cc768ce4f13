// cc-library: msvcrt
// cc: -ladvapi32
// Address Windowing Extensions: a program with 2 GB of addresses uses 8 GB of RAM, or what the machine has of that less an eighth. It
// writes its number into every page and reads all of them back, through a window of 256 MB.
//
//     i686-w64-mingw32-gcc -o awe.exe awe.c -ladvapi32
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#define PAGE 4096u
#define WINDOW_PAGES 0x10000u    // 256 MB
#define MOST_PAGES 0x200000u     // 8 GB

// Frames are RAM that nobody else gets: the user must hold the privilege, and the program switch it on.
static BOOL enable_lock_memory(void)
{
    TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1};
    HANDLE token;
    wanted.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
    return OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token)
        && LookupPrivilegeValue(NULL, SE_LOCK_MEMORY_NAME, &wanted.Privileges[0].Luid)
        && AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL) && GetLastError() == ERROR_SUCCESS;
}

static int fail(const char *what)
{
    fprintf(stderr, "%s: error %lu\n", what, GetLastError());
    return 1;
}

// The first word of page `index` of the window.
static volatile DWORD *word_of(char *window, ULONG_PTR index)
{
    return (volatile DWORD *)(window + index * PAGE);
}

int main(void)
{
    MEMORYSTATUSEX memory = {.dwLength = sizeof memory};
    setvbuf(stdout, NULL, _IONBF, 0);
    if (!enable_lock_memory())
        return fail("SeLockMemoryPrivilege");
    GlobalMemoryStatusEx(&memory);
    ULONGLONG spare = memory.ullAvailPhys - memory.ullTotalPhys / 8;
    ULONG_PTR count = memory.ullAvailPhys < memory.ullTotalPhys / 8 ? 0 : (ULONG_PTR)(spare / PAGE);
    if (count > MOST_PAGES)
        count = MOST_PAGES;
    // The numbers of the frames, for they have no addresses.
    ULONG_PTR *frames = malloc((count + 1) * sizeof *frames);
    if (frames == NULL || !AllocateUserPhysicalPages(GetCurrentProcess(), &count, frames))
        return fail("AllocateUserPhysicalPages");
    char *window = VirtualAlloc(NULL, WINDOW_PAGES * PAGE, MEM_RESERVE | MEM_PHYSICAL, PAGE_READWRITE);
    if (window == NULL)
        return fail("VirtualAlloc");
    printf("%lu MB of frames, seen through 256 MB at %p\n", (unsigned long)(count / 256), (void *)window);

    ULONG_PTR high = 0, wrong = 0;
    for (ULONG_PTR index = 0; index < count; index++)
        high += frames[index] >= 0x100000;
    printf("%lu MB of them lie above 4 GB\n", (unsigned long)(high / 256));
    for (int round = 0; round < 2; round++) {
        for (ULONG_PTR first = 0; first < count; first += WINDOW_PAGES) {
            ULONG_PTR pages = count - first < WINDOW_PAGES ? count - first : WINDOW_PAGES;
            // What was in the window before goes, and keeps its contents.
            if (!MapUserPhysicalPages(window, pages, frames + first))
                return fail("MapUserPhysicalPages");
            for (ULONG_PTR index = 0; index < pages; index++) {
                DWORD number = (DWORD)(first + index) ^ 0xA5A5A5A5;
                if (round == 0)
                    *word_of(window, index) = number;
                else
                    wrong += *word_of(window, index) != number;
            }
        }
        printf(round == 0 ? "every page written\n" : "every page read back, %lu of them wrong\n", (unsigned long)wrong);
    }
    if (!MapUserPhysicalPages(window, WINDOW_PAGES, NULL) || !FreeUserPhysicalPages(GetCurrentProcess(), &count, frames))
        return fail("FreeUserPhysicalPages");
    return wrong == 0 ? 0 : 1;
}
