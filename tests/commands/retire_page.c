// With the kernel option `debug`: stops for the debugger with the frame of a page of its own in EBX, then one of its code in EBX, and
// looks afterwards whether both have moved and hold what they held. The exit status is the line that was wrong, or 0.
// cc: -lntdll
#include "program.h"

typedef LONG NTSTATUS;
NTSTATUS NTAPI NtSystemDebugControl(ULONG command, PVOID in, ULONG in_length, PVOID out, ULONG out_length, ULONG *done);

enum { READ_VIRTUAL = 8 };
#define PAGE 0x1000u
#define PAGE_TABLES 0xC0000000u
#define REQUIRE(condition) do { if (!(condition)) ExitProcess(__LINE__); } while (0)

static DWORD frame_of(const volatile void *address)
{
    ULONGLONG entry = 0;
    DWORD request[3] = {PAGE_TABLES + ((DWORD)address >> 12) * 8, (DWORD)&entry, sizeof entry};
    REQUIRE(NtSystemDebugControl(READ_VIRTUAL, request, sizeof request, NULL, 0, NULL) == 0);
    REQUIRE(entry & 1);
    return (DWORD)(entry >> 12) & 0xFFFFFF;
}

static void stop_with(DWORD frame)
{
    __asm__ volatile("int3" : : "b"(frame) : "memory");
}

void mainCRTStartup(void)
{
    volatile DWORD *page = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    REQUIRE(page != NULL);
    for (DWORD index = 0; index < PAGE / 4; index++)
        page[index] = index * 2654435761u;
    DWORD frame = frame_of(page);
    stop_with(frame);
    REQUIRE(frame_of(page) != frame);
    for (DWORD index = 0; index < PAGE / 4; index++)
        REQUIRE(page[index] == index * 2654435761u);
    page[0] = 1;
    // The page of kernel32 that this calls is shared by all who have it.
    DWORD version = GetVersion();
    const volatile DWORD *code = (const volatile DWORD *)GetProcAddress(GetModuleHandleA("kernel32"), "GetVersion");
    DWORD first = *code;
    frame = frame_of(code);
    stop_with(frame);
    REQUIRE(frame_of(code) != frame);
    REQUIRE(*code == first && GetVersion() == version);
    ExitProcess(0);
}
