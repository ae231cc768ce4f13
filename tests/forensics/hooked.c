// A function of a DLL that begins with a jump in one process, and as ever in the others: kernel32's GetVersion.
#include "image.h"

// mov eax, 0C0DE0005h; ret
static const BYTE instead[] = {0xB8, 0x05, 0x00, 0xDE, 0xC0, 0xC3};

void mainCRTStartup(void) {
    HANDLE runs, hooked = CreateEventA(NULL, TRUE, FALSE, "image.hooked");
    PROCESS_INFORMATION victim = start_victim(0, &runs);
    wait_until(runs, victim.hProcess);
    char *function = (char *)GetProcAddress(GetModuleHandleA("kernel32"), "GetVersion");
    char *there = VirtualAllocEx(victim.hProcess, NULL, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE);
    if (!there) fail("no memory\n");
    write_there(victim.hProcess, there, instead, sizeof instead);
    // The same page here, so that the two can be compared.
    if (GetVersion() == 0xC0DE0005) fail("hooked here too\n");
    BYTE jump[5] = {0xE9};
    *(DWORD *)(jump + 1) = (DWORD)(there - (function + sizeof jump));
    DWORD before;
    if (!VirtualProtectEx(victim.hProcess, function, sizeof jump, PAGE_EXECUTE_READWRITE, &before)) fail("no protection\n");
    write_there(victim.hProcess, function, jump, sizeof jump);
    if (!VirtualProtectEx(victim.hProcess, function, sizeof jump, before, &before)) fail("no protection\n");
    wait_until(hooked, victim.hProcess);
    finding("hook", victim.dwProcessId, function, sizeof jump);
    finding("target", victim.dwProcessId, there, sizeof instead);
    finding("original", GetCurrentProcessId(), function, sizeof jump);
    all_set();
}
