// What psapi tells of all processes, of modules and their names, of memory in use.
// expect: exit 0
// cc: -lpsapi
#include "process.h"
#define PSAPI_VERSION 1
#include <psapi.h>

static void test(void)
{
    DWORD processes[64], needed = 0, found = 0;
    EXPECT(EnumProcesses(processes, sizeof processes, &needed));
    for (DWORD index = 0; index < needed / 4; index++)
        found += processes[index] == GetCurrentProcessId() || processes[index] == 4;
    EXPECT_EQUAL(found, 2);
    EXPECT(EnumProcesses(processes, 8, &needed) && needed == 8);

    char line[] = "C:\\spin.exe", name[MAX_PATH];
    WCHAR wide[MAX_PATH];
    PROCESS_INFORMATION child;
    HMODULE modules[16];
    MODULEINFO information;
    EXPECT(CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child));
    Sleep(100);
    EXPECT(EnumProcessModules(child.hProcess, modules, sizeof modules, &needed) && needed >= 3 * sizeof *modules);
    EXPECT(modules[0] == (HMODULE)0x400000);
    EXPECT(GetModuleInformation(child.hProcess, modules[0], &information, sizeof information));
    EXPECT(information.lpBaseOfDll == modules[0] && information.SizeOfImage >= 0x1000);
    EXPECT_EQUAL(GetModuleFileNameExA(child.hProcess, modules[0], name, sizeof name), 11);
    EXPECT_EQUAL(lstrcmpiA(name, "C:\\spin.exe"), 0);
    EXPECT_EQUAL(GetModuleBaseNameW(child.hProcess, NULL, wide, 5), 4);
    EXPECT_EQUAL(GetModuleBaseNameA(child.hProcess, GetModuleHandleA("kernel32"), name, sizeof name), 12);
    EXPECT_ERROR(GetModuleBaseNameA(child.hProcess, (HMODULE)0x1230000, name, sizeof name), ERROR_INVALID_HANDLE);
    EXPECT(TerminateProcess(child.hProcess, 3));
    EXPECT_EQUAL(finish(&child), 3);

    PROCESS_MEMORY_COUNTERS before = {.cb = sizeof before}, after;
    EXPECT(GetProcessMemoryInfo(GetCurrentProcess(), &before, sizeof before));
    fill(commit(20 * PAGE), 20 * PAGE, 1);
    EXPECT(GetProcessMemoryInfo(GetCurrentProcess(), &after, sizeof after));
    EXPECT(after.cb == sizeof after && after.PageFaultCount >= before.PageFaultCount + 20);
    EXPECT(after.PagefileUsage >= before.PagefileUsage + 20 * PAGE && after.PeakWorkingSetSize >= after.WorkingSetSize);
    EXPECT_ERROR(GetProcessMemoryInfo(GetCurrentProcess(), &after, 39), ERROR_INSUFFICIENT_BUFFER);

    PERFORMANCE_INFORMATION system = {0}, later;
    MEMORYSTATUSEX status = {.dwLength = sizeof status};
    char *reserved = VirtualAlloc(NULL, GRANULARITY, MEM_RESERVE, PAGE_READWRITE);
    EXPECT(GlobalMemoryStatusEx(&status) && GetPerformanceInfo(&system, sizeof system));
    EXPECT(system.cb == sizeof system && (DWORDLONG)system.CommitLimit * PAGE == status.ullTotalPageFile);
    EXPECT(system.PhysicalTotal * (DWORDLONG)PAGE == status.ullTotalPhys && system.PageSize == PAGE);
    EXPECT(system.CommitTotal <= system.CommitPeak && system.CommitPeak <= system.CommitLimit);
    EXPECT(system.ProcessCount >= 3 && system.ThreadCount > system.ProcessCount && system.HandleCount >= 1);
    EXPECT(VirtualAlloc(reserved, 10 * PAGE, MEM_COMMIT, PAGE_READWRITE) == reserved);
    EXPECT(GetPerformanceInfo(&later, sizeof later) && later.CommitTotal == system.CommitTotal + 10);
    EXPECT_ERROR(GetPerformanceInfo(&later, sizeof later - 1), ERROR_BAD_LENGTH);
}
