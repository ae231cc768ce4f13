// Snapshots of processes, threads, modules and heaps.
// expect: exit 0
#include "process.h"
#include <tlhelp32.h>

static void processes(DWORD child)
{
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS | TH32CS_SNAPTHREAD, 0);
    PROCESSENTRY32 entry = {.dwSize = sizeof entry};
    DWORD own = GetCurrentProcessId(), found = 0, count = 0;
    EXPECT(snapshot != INVALID_HANDLE_VALUE);
    for (BOOL more = Process32First(snapshot, &entry); more; more = Process32Next(snapshot, &entry), count++) {
        if (entry.th32ProcessID == own)
            found += lstrcmpiA(entry.szExeFile, "toolhelp.exe") == 0 && entry.cntThreads == 1;
        if (entry.th32ProcessID == child)
            found += lstrcmpiA(entry.szExeFile, "spin.exe") == 0 && entry.th32ParentProcessID == own;
        if (entry.th32ProcessID == 4)
            found += lstrcmpiA(entry.szExeFile, "System") == 0;
        if (entry.th32ProcessID == 0)
            found += lstrcmpiA(entry.szExeFile, "[System Process]") == 0;
    }
    EXPECT_EQUAL(GetLastError(), ERROR_NO_MORE_FILES);
    EXPECT_EQUAL(found, 4);
    // The same from the start again, in UTF-16.
    PROCESSENTRY32W wide = {.dwSize = sizeof wide};
    DWORD again = 0;
    for (BOOL more = Process32FirstW(snapshot, &wide); more; more = Process32NextW(snapshot, &wide))
        again++;
    EXPECT_EQUAL(again, count);
    THREADENTRY32 thread = {.dwSize = sizeof thread};
    DWORD mine = 0;
    for (BOOL more = Thread32First(snapshot, &thread); more; more = Thread32Next(snapshot, &thread))
        mine += thread.th32OwnerProcessID == own && thread.th32ThreadID == GetCurrentThreadId();
    EXPECT_EQUAL(mine, 1);
    MODULEENTRY32 module = {.dwSize = sizeof module};
    EXPECT_ERROR(Module32First(snapshot, &module), ERROR_NO_MORE_FILES);
    entry.dwSize = 100;
    EXPECT_ERROR(Process32First(snapshot, &entry), ERROR_BAD_LENGTH);
    EXPECT(CloseHandle(snapshot));
    EXPECT_ERROR(Process32FirstW(snapshot, &wide), ERROR_INVALID_HANDLE);
}

static void modules(DWORD process, const char *program)
{
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPMODULE | TH32CS_SNAPHEAPLIST, process);
    MODULEENTRY32 module = {.dwSize = sizeof module};
    EXPECT(snapshot != INVALID_HANDLE_VALUE);
    EXPECT(Module32First(snapshot, &module));
    EXPECT(lstrcmpiA(module.szModule, program) == 0 && module.modBaseAddr == (BYTE *)0x400000 && module.modBaseSize >= 0x1000);
    BOOL has_kernel = FALSE;
    while (Module32Next(snapshot, &module))
        if (lstrcmpiA(module.szModule, "kernel32.dll") == 0)
            has_kernel = module.hModule == GetModuleHandleA("kernel32") && lstrcmpiA(module.szExePath, "C:\\WINDOWS\\system32\\kernel32.dll") == 0;
    EXPECT(has_kernel);
    HEAPLIST32 heap = {.dwSize = sizeof heap};
    EXPECT(Heap32ListFirst(snapshot, &heap) && heap.dwFlags == HF32_DEFAULT && heap.th32HeapID != 0);
    EXPECT_ERROR(Heap32ListNext(snapshot, &heap), ERROR_NO_MORE_FILES);
    EXPECT(CloseHandle(snapshot));
}

static void test(void)
{
    char line[] = "C:\\spin.exe";
    PROCESS_INFORMATION child;
    EXPECT(CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child));
    Sleep(100);
    processes(child.dwProcessId);
    modules(0, "toolhelp.exe");
    modules(child.dwProcessId, "spin.exe");
    EXPECT(CreateToolhelp32Snapshot(TH32CS_SNAPMODULE, 0xFFFFF0) == INVALID_HANDLE_VALUE);
    EXPECT_EQUAL(GetLastError(), ERROR_INVALID_PARAMETER);
    EXPECT(TerminateProcess(child.hProcess, 5));
    EXPECT_EQUAL(finish(&child), 5);
}
