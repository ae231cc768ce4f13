// On a machine with more than 4 GB: holds 64 MB and a view of a file, looks every byte over, and finds by the self-map, which the kernel
// option `debug` lets it read, that their frames and those of their page tables lie above 4 GB. Then it does nothing for a minute. The
// exit status is the line that was wrong, or 0.
// cc: -lntdll
#include "program.h"

typedef LONG NTSTATUS;
NTSTATUS NTAPI NtSystemDebugControl(ULONG command, PVOID in, ULONG in_length, PVOID out, ULONG out_length, ULONG *done);

enum { READ_VIRTUAL = 8 };
#define PAGE 0x1000u
#define SIZE 0x4000000u
#define FILE_SIZE 0x100000u
#define PAGE_TABLES 0xC0000000u
#define PAGE_DIRECTORIES 0xC0600000u
#define FOUR_GIGABYTES 0x100000u
#define REQUIRE(condition) do { if (!(condition)) ExitProcess(__LINE__); } while (0)

// The frame that the valid entry at `address` names.
static DWORD frame_at(DWORD address)
{
    ULONGLONG entry = 0;
    DWORD request[3] = {address, (DWORD)&entry, sizeof entry};
    REQUIRE(NtSystemDebugControl(READ_VIRTUAL, request, sizeof request, NULL, 0, NULL) == 0);
    REQUIRE(entry & 1);
    return (DWORD)(entry >> 12) & 0xFFFFFF;
}

static DWORD frame_of(DWORD address)
{
    return frame_at(PAGE_TABLES + (address >> 12) * 8);
}

static DWORD table_of(DWORD address)
{
    return frame_at(PAGE_DIRECTORIES + (address >> 21) * 8);
}

static DWORD word_of(DWORD address)
{
    return address * 2654435761u ^ 0x5A5A5A5A;
}

static void holds_pages(void)
{
    DWORD start = (DWORD)VirtualAlloc(NULL, SIZE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    REQUIRE(start != 0);
    for (DWORD address = start; address < start + SIZE; address += 4)
        *(DWORD *)address = word_of(address);
    for (DWORD address = start; address < start + SIZE; address += PAGE)
        REQUIRE(frame_of(address) >= FOUR_GIGABYTES);
    // A page table for each 2 MB, and the one that the range may begin in the middle of.
    for (DWORD address = start; address < start + SIZE; address += 0x200000)
        REQUIRE(table_of(address) >= FOUR_GIGABYTES);
    for (DWORD address = start; address < start + SIZE; address += 4)
        REQUIRE(*(DWORD *)address == word_of(address));
}

// The runner made the file: byte N of it is N + N / 256 * 3.
static void reads_a_file(void)
{
    HANDLE file = CreateFileA("C:\\high.dat", GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    REQUIRE(file != INVALID_HANDLE_VALUE && GetFileSize(file, NULL) == FILE_SIZE);
    HANDLE section = CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 0, NULL);
    REQUIRE(section != NULL);
    const BYTE *view = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0);
    REQUIRE(view != NULL);
    for (DWORD index = 0; index < FILE_SIZE; index++)
        REQUIRE(view[index] == (BYTE)(index + index / 256 * 3));
    for (DWORD index = 0; index < FILE_SIZE; index += PAGE)
        REQUIRE(frame_of((DWORD)view + index) >= FOUR_GIGABYTES);
    REQUIRE(table_of((DWORD)view) >= FOUR_GIGABYTES);
    UnmapViewOfFile(view);
    CloseHandle(section);
    CloseHandle(file);
}

void mainCRTStartup(void)
{
    MEMORYSTATUSEX status = {.dwLength = sizeof status};
    REQUIRE(GlobalMemoryStatusEx(&status));
    REQUIRE(status.ullTotalPhys >> 32 != 0);
    holds_pages();
    reads_a_file();
    Sleep(60000);
    ExitProcess(0);
}
