// What is in memory at addresses that a program names: QueryWorkingSetEx of Server 2003 SP1.
// expect: exit 0
// cc: -lpsapi
#include "lock_memory.h"
#define PSAPI_VERSION 1
#include <psapi.h>

#define SELF ((HANDLE)-1)
#define VALID 1u
#define SHARES(count) ((count) << 1)
#define PROTECTION(page) ((ULONG)(page) << 4)
#define SHARED 0x8000u
#define LOCKED 0x400000u

typedef struct {
    const void *address;
    ULONG flags;
} ENTRY;

__declspec(dllimport) BOOL WINAPI QueryWorkingSetEx(HANDLE, PVOID, DWORD);

static ULONG at(const void *address)
{
    ENTRY entry = {address, 0xDEADBEEF};
    EXPECT(QueryWorkingSetEx(SELF, &entry, sizeof entry));
    EXPECT_EQUAL((ULONG)entry.address, (ULONG)address);
    return entry.flags;
}

static void private_memory(void)
{
    char *memory = need(commit(3 * PAGE));
    EXPECT_EQUAL(at(memory), 0);
    memory[5] = 1;
    EXPECT_EQUAL(at(memory + 0xFFF), VALID | PROTECTION(PAGE_READWRITE));
    EXPECT_EQUAL(at(memory + PAGE), 0);
    EXPECT(VirtualLock(memory + PAGE, 1));
    EXPECT_EQUAL(at(memory + PAGE), VALID | PROTECTION(PAGE_READWRITE) | LOCKED);
    EXPECT(VirtualUnlock(memory + PAGE, 1));
    DWORD old;
    EXPECT(VirtualProtect(memory + PAGE, 1, PAGE_READONLY, &old));
    EXPECT_EQUAL(at(memory + PAGE), VALID | PROTECTION(PAGE_READONLY));
    EXPECT(VirtualFree(memory, 0, MEM_RELEASE));
    EXPECT_EQUAL(at(memory), 0);
}

static void shared_memory(void)
{
    HANDLE section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 2 * PAGE, NULL);
    char *one = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0), *other = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0);
    need(one);
    need(other);
    EXPECT_EQUAL(at(one), 0);
    one[0] = 1;
    EXPECT_EQUAL(at(one), VALID | SHARES(1) | PROTECTION(PAGE_READWRITE) | SHARED);
    EXPECT_EQUAL(at(other), 0);
    EXPECT_EQUAL(*(volatile char *)other, 1);
    EXPECT_EQUAL(at(other), VALID | SHARES(2) | PROTECTION(PAGE_READONLY) | SHARED);
    EXPECT_EQUAL(at(one), VALID | SHARES(2) | PROTECTION(PAGE_READWRITE) | SHARED);
    EXPECT(UnmapViewOfFile(one) && UnmapViewOfFile(other) && CloseHandle(section));
    // Code of a DLL, and the page that tells the time.
    ULONG code = at((void *)GetProcAddress(GetModuleHandleA("ntdll"), "NtClose"));
    EXPECT_EQUAL(code & ~SHARES(7), VALID | PROTECTION(PAGE_EXECUTE_READ) | SHARED);
    EXPECT(code & SHARES(7));
    EXPECT_EQUAL(*(volatile char *)0x7FFE0300 & 0, 0);
    EXPECT_EQUAL(at((void *)0x7FFE0300) & (VALID | PROTECTION(0x7FF)), VALID | PROTECTION(PAGE_READONLY));
}

static void what_is_not_there(void)
{
    EXPECT_EQUAL(at(NULL), 0);
    EXPECT_EQUAL(at((void *)0x7FFF0000), 0);
    EXPECT_EQUAL(at((void *)0x80000000), 0);
    EXPECT_EQUAL(at((void *)0xFFFFFFFF), 0);
    ENTRY two[2] = {{two, 7}, {two, 7}};
    EXPECT(QueryWorkingSetEx(SELF, two, sizeof two - 1));
    EXPECT_EQUAL(two[0].flags, VALID | PROTECTION(PAGE_READWRITE));
    EXPECT_EQUAL(two[1].flags, 7);
    EXPECT_ERROR(QueryWorkingSetEx(SELF, two, 0), ERROR_BAD_LENGTH);
    EXPECT_ERROR(QueryWorkingSetEx(SELF, two, 7), ERROR_BAD_LENGTH);
    EXPECT_ERROR(QueryWorkingSetEx(SELF, NULL, 8), ERROR_NOACCESS);
    EXPECT_ERROR(QueryWorkingSetEx(SELF, (char *)two + 1, 8), ERROR_NOACCESS);
    EXPECT_ERROR(QueryWorkingSetEx(SELF, (void *)0x80000000, 8), ERROR_NOACCESS);
    EXPECT_ERROR(QueryWorkingSetEx((HANDLE)0x7654, two, 8), ERROR_INVALID_HANDLE);
    HANDLE weak = OpenProcess(PROCESS_VM_READ, FALSE, GetCurrentProcessId());
    EXPECT_ERROR(QueryWorkingSetEx(weak, two, 8), ERROR_ACCESS_DENIED);
    EXPECT(CloseHandle(weak));
}

static void test(void)
{
    private_memory();
    shared_memory();
    what_is_not_there();
}
