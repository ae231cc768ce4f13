// Every kind of view, and handles with and without names, for the debugger to list at the breakpoint.
#include "program.h"

static HANDLE section(const char *name, DWORD protect, DWORD size)
{
    return CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, protect, 0, size, name);
}

void mainCRTStartup(void)
{
    HANDLE named = section("Local\\views", PAGE_READWRITE, 0x5000);
    HANDLE reserved = section(NULL, PAGE_READWRITE | SEC_RESERVE, 0x20000);
    BYTE *shared = MapViewOfFileEx(named, FILE_MAP_ALL_ACCESS, 0, 0, 0, (PVOID)0x3000000);
    BYTE *copied = MapViewOfFileEx(named, FILE_MAP_COPY, 0, 0, 0x2000, (PVOID)0x3100000);
    BYTE *constant = MapViewOfFileEx(named, FILE_MAP_READ, 0, 0, 0, (PVOID)0x3200000);
    BYTE *later = MapViewOfFileEx(reserved, FILE_MAP_WRITE, 0, 0x10000, 0, (PVOID)0x3300000);
    BYTE *private = VirtualAlloc((PVOID)0x3400000, 0x10000, MEM_RESERVE, PAGE_READWRITE);
    HANDLE file = CreateFileA("C:\\views.tmp", GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    HANDLE data = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0x21000, NULL);
    BYTE *whole = MapViewOfFileEx(data, FILE_MAP_WRITE, 0, 0, 0, (PVOID)0x3500000);
    BYTE *part = MapViewOfFileEx(data, FILE_MAP_COPY, 0, 0x10000, 0x3000, (PVOID)0x3600000);
    HANDLE library = CreateFileA("C:\\WINDOWS\\system32\\psapi.dll", GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    HANDLE image = CreateFileMappingA(library, NULL, PAGE_READONLY | SEC_IMAGE, 0, 0, NULL);
    BYTE *elsewhere = MapViewOfFileEx(image, FILE_MAP_READ, 0, 0, 0, (PVOID)0x3700000);
    if (!shared || !copied || !constant || !later || !private || !whole || !part || !elsewhere)
        ExitProcess(1);
    if (!VirtualAlloc(later, 0x3000, MEM_COMMIT, PAGE_READWRITE) || !VirtualAlloc(private, 0x2000, MEM_COMMIT, PAGE_READWRITE))
        ExitProcess(2);
    shared[0] = copied[0] = later[0] = private[0] = whole[0x10000] = constant[1] + elsewhere[2];
    part[0] = 1;
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    CreateEventA(&inherited, FALSE, FALSE, "gate");
    CreateMutexA(NULL, FALSE, NULL);
    // Under this name gdb stops before the kernel's debugger does.
    __asm__ volatile(".globl _views_stop\n_views_stop: int3");
    ExitProcess(3);
}
