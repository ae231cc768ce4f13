// A process whose image is gone: where it was is private memory with another program, a copy of this one.
#include "image.h"

LONG NTAPI NtUnmapViewOfSection(HANDLE process, void *base);

// 1 in the copy alone.
static volatile DWORD is_copy;

// What the victim runs instead of its own code.
static void instead(void) {
    HANDLE runs = OpenEventA(EVENT_MODIFY_STATE, FALSE, "image.victim");
    if (!is_copy || !runs || !SetEvent(runs)) fail("no event\n");
    wait_for_ever();
}

static void *image_base_of(HANDLE process, const CONTEXT *context) {
    void *base;
    // EBX of a process that has not begun is its PEB.
    if (!ReadProcessMemory(process, (char *)context->Ebx + 8, &base, sizeof base, NULL)) fail("no PEB\n");
    return base;
}

void mainCRTStartup(void) {
    HANDLE runs;
    char *own = (char *)GetModuleHandleA(NULL);
    DWORD size = ((IMAGE_NT_HEADERS *)(own + ((IMAGE_DOS_HEADER *)own)->e_lfanew))->OptionalHeader.SizeOfImage;
    PROCESS_INFORMATION victim = start_victim(CREATE_SUSPENDED, &runs);
    CONTEXT context = {.ContextFlags = CONTEXT_FULL};
    if (!GetThreadContext(victim.hThread, &context)) fail("no context\n");
    if (image_base_of(victim.hProcess, &context) != own) fail("another base\n");
    if (NtUnmapViewOfSection(victim.hProcess, own) < 0) fail("not unmapped\n");
    char *there = VirtualAllocEx(victim.hProcess, own, size, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE);
    if (there != own) fail("no memory\n");
    DWORD one = 1;
    write_there(victim.hProcess, there, own, size);
    write_there(victim.hProcess, (void *)&is_copy, &one, sizeof one);
    context.Eax = (DWORD)instead;
    if (!SetThreadContext(victim.hThread, &context)) fail("no context\n");
    ResumeThread(victim.hThread);
    wait_until(runs, victim.hProcess);
    finding("image", victim.dwProcessId, there, size);
    finding("entry", victim.dwProcessId, instead, 16);
    all_set();
}
