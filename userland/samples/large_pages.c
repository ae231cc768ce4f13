// cc-library: msvcrt
// cc: -ladvapi32
// Large pages: 8 MB, or less where the machine has not so many frames in a row, as pages of 2 MB. It fills them and says how
// VirtualQuery describes them. The debugger shows one entry for each 2 MB: ./vadose exec --kd '!vad; !pte ADDRESS' large_pages.exe
//
//     i686-w64-mingw32-gcc -o large_pages.exe large_pages.c -ladvapi32
#include <stdio.h>
#include <windows.h>

// Large pages are never paged: the user must hold the privilege, and the program switch it on.
static BOOL enable_lock_memory(void)
{
    TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1};
    HANDLE token;
    wanted.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
    return OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token)
        && LookupPrivilegeValue(NULL, SE_LOCK_MEMORY_NAME, &wanted.Privileges[0].Luid)
        && AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL) && GetLastError() == ERROR_SUCCESS;
}

int main(void)
{
    // Windows XP's kernel32 does not have it, Server 2003's does.
    SIZE_T(WINAPI *minimum)(void) = (PVOID)GetProcAddress(GetModuleHandle("kernel32.dll"), "GetLargePageMinimum");
    SIZE_T large = minimum == NULL ? 0 : minimum();
    if (large == 0 || !enable_lock_memory()) {
        fprintf(stderr, "no large pages: error %lu\n", GetLastError());
        return 1;
    }
    // Reserved and committed at once; size and address are multiples of the large page.
    SIZE_T size = 4 * large;
    volatile char *memory = NULL;
    while (size > 0 && memory == NULL) {
        memory = VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT | MEM_LARGE_PAGES, PAGE_READWRITE);
        size -= memory == NULL ? large : 0;
    }
    if (memory == NULL) {
        fprintf(stderr, "VirtualAlloc: error %lu\n", GetLastError());
        return 1;
    }
    for (SIZE_T at = 0; at < size; at += 4096)
        memory[at] = (char)(at >> 12);
    DWORD wrong = 0;
    for (SIZE_T at = 0; at < size; at += 4096)
        wrong += memory[at] != (char)(at >> 12);
    MEMORY_BASIC_INFORMATION region;
    VirtualQuery((PVOID)memory, &region, sizeof region);
    printf("%lu KB at %p in pages of %lu KB: state %lX, protection %lX, %lu of %lu pages of 4 KB wrong\n",
           (unsigned long)(region.RegionSize / 1024), (void *)memory, (unsigned long)(large / 1024), region.State,
           region.Protect, wrong, (unsigned long)(size / 4096));
    // It goes with the program. VirtualFree frees all of it or nothing.
    return wrong == 0 ? 0 : 1;
}
