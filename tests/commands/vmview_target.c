// Has something of every kind at addresses of its own choice, runs vmview with its words before its own number, and ends with what that
// ended with.
// cc: -ladvapi32
#include "program.h"

#define PAGE 0x1000u
#define LARGE_PAGE 0x200000u

static BOOL enable_lock_memory(void)
{
    TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1};
    HANDLE token;
    wanted.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
    return OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token)
        && LookupPrivilegeValueA(NULL, "SeLockMemoryPrivilege", &wanted.Privileges[0].Luid)
        && AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL) && GetLastError() == ERROR_SUCCESS;
}

static char *allocate(DWORD address, DWORD size, DWORD type, DWORD protect)
{
    char *memory = VirtualAlloc((PVOID)address, size, type, protect);
    if (memory != (char *)address)
        ExitProcess(100 + address / 0x1000000);
    return memory;
}

static void private_memory(void)
{
    DWORD old;
    char *memory = allocate(0x10000000, 16 * PAGE, MEM_RESERVE, PAGE_READWRITE);
    allocate(0x10000000, 8 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    memory[0] = memory[PAGE] = memory[2 * PAGE] = 1;
    VirtualProtect(memory + 4 * PAGE, PAGE, PAGE_READWRITE | PAGE_GUARD, &old);
    VirtualProtect(memory + 5 * PAGE, PAGE, PAGE_EXECUTE_READ, &old);
    VirtualProtect(memory + 6 * PAGE, PAGE, PAGE_NOACCESS, &old);
    VirtualProtect(memory + 7 * PAGE, PAGE, PAGE_READWRITE | PAGE_NOCACHE, &old);
    // Nobody has touched it: vmview tells it from a window all the same.
    allocate(0x11000000, 16 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    allocate(0x12000000, 16 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE);
}

static void special_memory(void)
{
    ULONG_PTR frames[16], count = 16;
    char *window = allocate(0x14000000, 32 * PAGE, MEM_RESERVE | MEM_PHYSICAL, PAGE_READWRITE);
    if (!enable_lock_memory() || !AllocateUserPhysicalPages(GetCurrentProcess(), &count, frames) || count != 16
        || !MapUserPhysicalPages(window + 16 * PAGE, 16, frames))
        ExitProcess(201);
    allocate(0x16000000, LARGE_PAGE, MEM_RESERVE | MEM_COMMIT | MEM_LARGE_PAGES, PAGE_READWRITE);
    // All of a window that begins and ends as large pages do has frames.
    static ULONG_PTR many[LARGE_PAGE / PAGE];
    count = LARGE_PAGE / PAGE;
    window = allocate(0x18000000, LARGE_PAGE, MEM_RESERVE | MEM_PHYSICAL, PAGE_READWRITE);
    if (!AllocateUserPhysicalPages(GetCurrentProcess(), &count, many) || count != LARGE_PAGE / PAGE
        || !MapUserPhysicalPages(window, count, many))
        ExitProcess(202);
}

static void views(void)
{
    HANDLE shared = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4 * PAGE, NULL);
    HANDLE file = CreateFileA("C:\\WINDOWS\\system32\\vmview.exe", GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    HANDLE mapping = CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 2 * PAGE, NULL);
    volatile char *memory = MapViewOfFileEx(shared, FILE_MAP_WRITE, 0, 0, 0, (PVOID)0x1A000000);
    if (memory == NULL || MapViewOfFileEx(mapping, FILE_MAP_READ, 0, 0, 0, (PVOID)0x1C000000) == NULL)
        ExitProcess(203);
    memory[0] = 1;
}

static DWORD WINAPI sleeper(PVOID unused)
{
    (void)unused;
    Sleep(INFINITE);
    return 0;
}

void mainCRTStartup(void)
{
    char line[300];
    const char *words = GetCommandLineA();
    DWORD status = 204, quotes = 0;
    // Behind the name, which may be quoted.
    while (*words != 0 && (*words != ' ' || quotes % 2 == 1))
        quotes += *words++ == '"';
    private_memory();
    special_memory();
    views();
    if (HeapCreate(0, 0x10000, 0x40000) == NULL || CreateThread(NULL, 0, sleeper, NULL, 0, NULL) == NULL)
        ExitProcess(205);
    Sleep(50);
    lstrcpyA(line, "C:\\WINDOWS\\system32\\vmview.exe");
    lstrcatA(line, words);
    lstrcatA(line, " ");
    char number[12] = {0}, *digit = number + 10;
    for (DWORD left = GetCurrentProcessId(); left != 0; left /= 10)
        *digit-- = (char)('0' + left % 10);
    lstrcatA(line, digit + 1);
    STARTUPINFOA start = {.cb = sizeof start};
    PROCESS_INFORMATION child;
    if (!CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &child))
        ExitProcess(206);
    WaitForSingleObject(child.hProcess, INFINITE);
    GetExitCodeProcess(child.hProcess, &status);
    ExitProcess(status);
}
