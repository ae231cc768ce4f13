// Memory of another process, allocated, written and executed from here.
#include "image.h"

// What the code there is given.
typedef struct {
    DWORD ran;
    void *sleep;
} Parameter;

// push ebp; mov ebp, esp; mov ebx, [ebp+8]; mov dword [ebx], 1; again: push -1; call [ebx+4]; jmp again
static const BYTE code[] = {0x55, 0x89, 0xE5, 0x8B, 0x5D, 0x08, 0xC7, 0x03, 0x01, 0x00, 0x00, 0x00, 0x6A, 0xFF, 0xFF, 0x53, 0x04, 0xEB, 0xF9};

void mainCRTStartup(void) {
    HANDLE runs;
    PROCESS_INFORMATION victim = start_victim(0, &runs);
    wait_until(runs, victim.hProcess);
    char *there = VirtualAllocEx(victim.hProcess, NULL, 2 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE);
    if (!there) fail("no memory\n");
    Parameter parameter = {0, (void *)GetProcAddress(GetModuleHandleA("kernel32"), "Sleep")};
    write_there(victim.hProcess, there, code, sizeof code);
    write_there(victim.hProcess, there + PAGE, &parameter, sizeof parameter);
    if (!CreateRemoteThread(victim.hProcess, NULL, 0, (LPTHREAD_START_ROUTINE)there, there + PAGE, 0, NULL)) fail("no thread\n");
    while (!parameter.ran) {
        Sleep(1);
        if (!ReadProcessMemory(victim.hProcess, there + PAGE, &parameter, sizeof parameter, NULL)) fail("not read\n");
    }
    finding("code", victim.dwProcessId, there, sizeof code);
    finding("parameter", victim.dwProcessId, there + PAGE, sizeof parameter);
    all_set();
}
