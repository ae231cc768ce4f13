// Another process's memory and threads: allocated, written, queried, protected, read and freed by its handle; a thread of it
// runs what was written there.
// expect: exit 0
#include "process.h"

static BYTE *allocate_there(HANDLE process, DWORD protect)
{
    BYTE *there = VirtualAllocEx(process, NULL, 0x3000, MEM_RESERVE | MEM_COMMIT, protect);
    EXPECT(there != NULL);
    return there;
}

static void memory(HANDLE process)
{
    MEMORY_BASIC_INFORMATION region;
    DWORD word = 0x11223344, back = 0, old;
    SIZE_T done = 9;
    BYTE *there = allocate_there(process, PAGE_READWRITE);
    EXPECT_EQUAL(VirtualQueryEx(process, there + 0x1000, &region, sizeof region), sizeof region);
    EXPECT(region.AllocationBase == there && region.RegionSize == 0x2000 && region.Protect == PAGE_READWRITE);
    EXPECT(WriteProcessMemory(process, there + 0xFFE, &word, 4, &done) && done == 4);
    EXPECT(ReadProcessMemory(process, there + 0xFFE, &back, 4, &done) && done == 4 && back == word);
    EXPECT(VirtualProtectEx(process, there, 0x1000, PAGE_READONLY, &old) && old == PAGE_READWRITE);
    EXPECT_ERROR(WriteProcessMemory(process, there, &word, 4, NULL), ERROR_NOACCESS);
    EXPECT(VirtualFreeEx(process, there + 0x2000, 0x1000, MEM_DECOMMIT));
    EXPECT_ERROR(ReadProcessMemory(process, there + 0x1FFE, &back, 4, &done), ERROR_PARTIAL_COPY);
    EXPECT(VirtualFreeEx(process, there, 0, MEM_RELEASE));
    EXPECT_ERROR(ReadProcessMemory(process, there, &back, 4, NULL), ERROR_PARTIAL_COPY);
    EXPECT_ERROR(ReadProcessMemory(process, (PVOID)0x80000000, &back, 4, NULL), ERROR_NOACCESS);
}

static void rights(DWORD identifier)
{
    DWORD word = 0;
    HANDLE process = OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, identifier);
    EXPECT(process != NULL);
    EXPECT_ERROR(ReadProcessMemory(process, (PVOID)0x400000, &word, 4, NULL), ERROR_ACCESS_DENIED);
    EXPECT_ERROR(VirtualAllocEx(process, NULL, 0x1000, MEM_COMMIT, PAGE_READWRITE), ERROR_ACCESS_DENIED);
    EXPECT_ERROR(CreateRemoteThread(process, NULL, 0, NULL, NULL, 0, NULL), ERROR_ACCESS_DENIED);
    EXPECT_ERROR(TerminateProcess(process, 1), ERROR_ACCESS_DENIED);
    EXPECT(CloseHandle(process));
    EXPECT_ERROR(OpenProcess(PROCESS_ALL_ACCESS, FALSE, 0xFFFFF0), ERROR_INVALID_PARAMETER);
}

// mov eax, [esp+4]; add eax, 5; ret 4
static const BYTE code[] = {0x8B, 0x44, 0x24, 0x04, 0x83, 0xC0, 0x05, 0xC2, 0x04, 0x00};

static void threads(HANDLE process)
{
    DWORD identifier = 0, status = 0;
    BYTE *there = allocate_there(process, PAGE_EXECUTE_READWRITE);
    EXPECT(WriteProcessMemory(process, there, code, sizeof code, NULL));
    HANDLE thread = CreateRemoteThread(process, NULL, 0, (LPTHREAD_START_ROUTINE)there, (PVOID)37, 0, &identifier);
    EXPECT(thread != NULL && identifier != 0);
    EXPECT_EQUAL(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    EXPECT(GetExitCodeThread(thread, &status) && status == 42);
    EXPECT(CloseHandle(thread));
    // kernel32 lies at the same place there: the process ends by a thread that it did not make.
    PVOID end = (PVOID)GetProcAddress(GetModuleHandleA("kernel32"), "ExitProcess");
    thread = CreateRemoteThread(process, NULL, 0, (LPTHREAD_START_ROUTINE)end, (PVOID)1234, CREATE_SUSPENDED, NULL);
    EXPECT_EQUAL(WaitForSingleObject(thread, 20), WAIT_TIMEOUT);
    EXPECT_EQUAL(ResumeThread(thread), 1);
    EXPECT_EQUAL(WaitForSingleObject(process, INFINITE), WAIT_OBJECT_0);
    EXPECT(GetExitCodeProcess(process, &status) && status == 1234);
    EXPECT(CreateRemoteThread(process, NULL, 0, (LPTHREAD_START_ROUTINE)end, NULL, 0, NULL) == NULL);
    EXPECT(CloseHandle(thread));
}

static void test(void)
{
    char line[] = "C:\\spin.exe";
    PROCESS_INFORMATION child;
    EXPECT(CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child));
    // Until it has its DLLs.
    Sleep(100);
    memory(child.hProcess);
    rights(child.dwProcessId);
    threads(child.hProcess);
    EXPECT(CloseHandle(child.hProcess) && CloseHandle(child.hThread));
}
