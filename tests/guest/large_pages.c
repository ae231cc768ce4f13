// Large pages: 2 MB at a time, there from the start and unchanged to the end. On a machine without so many frames in a row they are
// refused, and nothing else changes.
// expect: exit 0
// cc: -ladvapi32
#include "lock_memory.h"

#define LARGE 0x200000u
#define ALL (MEM_RESERVE | MEM_COMMIT | MEM_LARGE_PAGES)

static void refusals(void)
{
    PVOID taken = need(VirtualAlloc(NULL, LARGE, MEM_RESERVE, PAGE_READWRITE));
    struct { PVOID base; SIZE_T size; ULONG type, protect; NTSTATUS status; } rows[] = {
        {NULL, LARGE, MEM_RESERVE | MEM_LARGE_PAGES, PAGE_READWRITE, PARAMETER_5},
        {NULL, LARGE, MEM_LARGE_PAGES, PAGE_READWRITE, PARAMETER_5},
        {NULL, LARGE, ALL | MEM_PHYSICAL, PAGE_READWRITE, PARAMETER_5},
        {NULL, LARGE, ALL | MEM_WRITE_WATCH, PAGE_READWRITE, PARAMETER_5},
        {NULL, LARGE, MEM_RESET | MEM_LARGE_PAGES, PAGE_READWRITE, PARAMETER_5},
        {NULL, LARGE - 1, ALL, PAGE_READWRITE, PARAMETER_4},
        {NULL, PAGE, ALL, PAGE_READWRITE, PARAMETER_4},
        {NULL, 0, ALL, PAGE_READWRITE, PARAMETER_4},
        {(PVOID)0x40010000, LARGE, ALL, PAGE_READWRITE, PARAMETER_2},
        {(PVOID)0x40001000, LARGE, ALL, PAGE_READWRITE, PARAMETER_2},
        {(PVOID)0x80000000, LARGE, ALL, PAGE_READWRITE, PARAMETER_2},
        {(PVOID)0x7FE00000, LARGE, ALL, PAGE_READWRITE, PARAMETER_4},
        {(PVOID)((DWORD)taken & ~(LARGE - 1)), LARGE, ALL, PAGE_READWRITE, CONFLICT},
        {NULL, LARGE, ALL, PAGE_READONLY, BAD_PROTECTION},
        {NULL, LARGE, ALL, PAGE_NOACCESS, BAD_PROTECTION},
        {NULL, LARGE, ALL, PAGE_READWRITE | PAGE_GUARD, BAD_PROTECTION},
        {NULL, LARGE, ALL, PAGE_READWRITE | PAGE_NOCACHE, BAD_PROTECTION},
        {NULL, 0x7FE00000, ALL, PAGE_READWRITE, NO_MEMORY_LEFT},
    };
    for (DWORD index = 0; index < sizeof rows / sizeof *rows; index++)
        EXPECT_EQUAL(allocate_at(rows[index].base, rows[index].size, rows[index].type, rows[index].protect), rows[index].status);
    EXPECT_ERROR(VirtualAlloc(NULL, LARGE - PAGE, ALL, PAGE_READWRITE), ERROR_INVALID_PARAMETER);
    EXPECT(VirtualFree(taken, 0, MEM_RELEASE));
}

static void contents(char *memory)
{
    volatile DWORD *words = (PVOID)memory;
    DWORD wrong = 0;
    for (DWORD index = 0; index < LARGE / 4; index += 64)
        wrong += words[index] != 0;
    for (DWORD index = 0; index < LARGE / 4; index += 64)
        words[index] = index;
    for (DWORD index = 0; index < LARGE / 4; index += 64)
        wrong += words[index] != index;
    EXPECT_EQUAL(wrong, 0);
    EXPECT_REGION(memory, LARGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_REGION(memory + 5 * PAGE, LARGE - 5 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_EQUAL(query(memory + PAGE).AllocationBase, memory);
    EXPECT_EQUAL(query(memory).Type, MEM_PRIVATE);
}

// What reads or writes for the program, in the kernel.
static void transfers(char *memory)
{
    char text[8] = "large", back[8] = {0};
    SIZE_T done = 0;
    DWORD count = 0;
    EXPECT(WriteProcessMemory(OWN_PROCESS, memory + 3 * PAGE - 2, text, sizeof text, &done) && done == sizeof text);
    EXPECT(memory[3 * PAGE - 2] == 'l' && memory[3 * PAGE + 2] == 'e');
    EXPECT(ReadProcessMemory(OWN_PROCESS, memory + 3 * PAGE - 2, back, sizeof back, &done) && back[4] == 'e');
    EXPECT_EQUAL(NtWriteVirtualMemory(OWN_PROCESS, memory + LARGE - 8, text, sizeof text, &done), SUCCESS);
    HANDLE pipe[2];
    EXPECT(CreatePipe(&pipe[0], &pipe[1], NULL, 0) && WriteFile(pipe[1], memory + 3 * PAGE - 2, 8, &count, NULL));
    EXPECT(ReadFile(pipe[0], memory + 7 * PAGE - 4, 8, &count, NULL) && count == 8 && memory[7 * PAGE - 4] == 'l');
    EXPECT(CloseHandle(pipe[0]) && CloseHandle(pipe[1]));
    // A file, which is read straight into the page.
    char *name = "C:\\WINDOWS\\system32\\ntdll.dll";
    HANDLE file = CreateFileA(name, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    EXPECT(file != INVALID_HANDLE_VALUE && ReadFile(file, memory + 0x12345, 0x3000, &count, NULL) && count == 0x3000);
    EXPECT(memory[0x12345] == 'M' && memory[0x12346] == 'Z');
    EXPECT(CloseHandle(file));
}

static void unchanged(char *memory)
{
    EXPECT_EQUAL(protect_at(memory, LARGE, PAGE_READONLY), CONFLICT);
    EXPECT_EQUAL(protect_at(memory + PAGE, PAGE, PAGE_NOACCESS), CONFLICT);
    EXPECT_EQUAL(protect_at(memory, LARGE, PAGE_READWRITE), CONFLICT);
    EXPECT_EQUAL(allocate_at(memory, PAGE, MEM_COMMIT, PAGE_READWRITE), CONFLICT);
    EXPECT_EQUAL(allocate_at(memory, LARGE, MEM_COMMIT | MEM_LARGE_PAGES, PAGE_READWRITE), CONFLICT);
    EXPECT_EQUAL(allocate_at(memory, PAGE, MEM_RESET, PAGE_READWRITE), CONFLICT);
    EXPECT_EQUAL(free_at(memory, 0, MEM_DECOMMIT), NOT_ALLOCATED);
    EXPECT_EQUAL(free_at(memory + PAGE, PAGE, MEM_DECOMMIT), NOT_ALLOCATED);
    EXPECT_EQUAL(free_at(memory, PAGE, MEM_RELEASE), UNABLE_TO_FREE);
    EXPECT_EQUAL(free_at(memory + PAGE, PAGE, MEM_RELEASE), NOT_AT_BASE);
    EXPECT_ERROR(VirtualFree(memory + PAGE, 0, MEM_RELEASE), ERROR_INVALID_ADDRESS);
    DWORD old;
    EXPECT_ERROR(VirtualProtect(memory, PAGE, PAGE_READONLY, &old), ERROR_INVALID_ADDRESS);
    // It is always in memory.
    EXPECT(VirtualLock(memory, LARGE) && VirtualLock(memory + 3 * PAGE, 1) && VirtualUnlock(memory, LARGE));
    EXPECT_REGION(memory, LARGE, MEM_COMMIT, PAGE_READWRITE);
}

static void test(void)
{
    EXPECT_EQUAL(GetLargePageMinimum(), LARGE);
    EXPECT_ERROR(VirtualAlloc(NULL, LARGE, ALL, PAGE_READWRITE), ERROR_PRIVILEGE_NOT_HELD);
    set_lock_memory(SE_PRIVILEGE_ENABLED);
    refusals();
    char *memory = VirtualAlloc(NULL, LARGE, ALL, PAGE_READWRITE);
    if (memory == NULL) {
        // On a small machine memory may be in pieces already.
        MEMORYSTATUS status;
        EXPECT_EQUAL(GetLastError(), ERROR_NO_SYSTEM_RESOURCES);
        GlobalMemoryStatus(&status);
        EXPECT(status.dwTotalPhys <= 64u << 20);
        return;
    }
    EXPECT_EQUAL((DWORD)memory % LARGE, 0);
    contents(memory);
    transfers(memory);
    unchanged(memory);
    // The next one, somewhere else, which may be executed.
    char *code = VirtualAlloc(NULL, LARGE, ALL | MEM_TOP_DOWN, PAGE_EXECUTE_READWRITE);
    if (code != NULL) {
        EXPECT((DWORD)code % LARGE == 0 && code > memory);
        code[0x12345] = (char)0xC3;
        call_address((DWORD)code + 0x12345);
        EXPECT_REGION(code, LARGE, MEM_COMMIT, PAGE_EXECUTE_READWRITE);
        EXPECT(VirtualFree(code, 0, MEM_RELEASE));
    }
    EXPECT(VirtualFree(memory, 0, MEM_RELEASE));
    EXPECT_EQUAL(query(memory).State, MEM_FREE);
    // Its addresses are anybody's again, with pages of 4 KB.
    EXPECT_EQUAL(allocate_at(memory, LARGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE), SUCCESS);
    EXPECT_EQUAL(memory[0x12345], 0);
    EXPECT(VirtualFree(memory, 0, MEM_RELEASE));
    // One is left to the end of the process.
    memory = VirtualAlloc(NULL, LARGE, ALL, PAGE_READWRITE);
    if (memory != NULL)
        memory[LARGE - 1] = 1;
}
