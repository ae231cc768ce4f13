// Write watch: stores of this thread, of another, of the kernel and of another process are told, exactly and once; nothing else is. What is wrong
// with the arguments is refused.
// expect: exit 0
#include "process.h"

NTSTATUS NTAPI NtGetWriteWatch(HANDLE process, ULONG flags, PVOID base, SIZE_T size, PVOID *addresses, SIZE_T *count, ULONG *granularity);
NTSTATUS NTAPI NtResetWriteWatch(HANDLE process, PVOID base, SIZE_T size);

enum { PAGES = 40, MISALIGNED = (int)0x80000002, NO_RIGHT = (int)0xC0000022 };
#define SIZE (PAGES * PAGE)

static char *watched;
static PVOID told[PAGES];

// Without this there is nothing to go on with.
static void need(BOOL done)
{
    if (!done)
        ExitProcess(1);
}

// The numbers of the pages that have been written to, as bits; they are in order, and are forgotten.
static ULONGLONG written(int line)
{
    ULONGLONG bits = 0;
    ULONG_PTR count = PAGES;
    DWORD granularity = 0;
    expect_word(line, "GetWriteWatch", GetWriteWatch(WRITE_WATCH_FLAG_RESET, watched, SIZE, told, &count, &granularity), 0);
    expect_word(line, "granularity", granularity, PAGE);
    for (DWORD index = 0; index < count; index++) {
        DWORD offset = (DWORD)((char *)told[index] - watched);
        if (offset >= SIZE || offset % PAGE != 0 || (index > 0 && told[index] <= told[index - 1]))
            expect_word(line, "address", offset, 0);
        else
            bits |= 1ull << offset / PAGE;
    }
    return bits;
}

static void expect_written(int line, ULONGLONG expected)
{
    ULONGLONG bits = written(line);
    expect_word(line, "pages 0 to 31", (DWORD)bits, (DWORD)expected);
    expect_word(line, "pages from 32 on", (DWORD)(bits >> 32), (DWORD)(expected >> 32));
    // What has been told is forgotten.
    bits = written(line);
    expect_word(line, "pages written again", (DWORD)(bits | bits >> 32), 0);
}
#define EXPECT_WRITTEN(bits) expect_written(__LINE__, bits)
#define BIT(page) (1ull << (page))

static void touch(DWORD page)
{
    ((volatile char *)watched)[page * PAGE + 7] = (char)page;
}

static DWORD WINAPI touch_in_thread(void *page)
{
    touch((DWORD)page);
    return 0;
}

static void stores_of_this_process(void)
{
    EXPECT_REGION(watched, SIZE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_WRITTEN(0);
    for (DWORD page = 0; page < PAGES; page++)
        EXPECT_EQUAL(watched[page * PAGE], 0);
    EXPECT_WRITTEN(0);
    touch(0);
    touch(33);
    touch(33);
    touch(39);
    EXPECT_WRITTEN(BIT(0) | BIT(33) | BIT(39));
    // A store across a boundary is one to both pages; one of the same value is a store.
    write_word((DWORD)watched + 5 * PAGE - 2, 0);
    touch(33);
    EXPECT_WRITTEN(BIT(4) | BIT(5) | BIT(33));
    HANDLE thread = CreateThread(NULL, 0, touch_in_thread, (PVOID)6, 0, NULL);
    EXPECT_EQUAL(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    EXPECT(CloseHandle(thread));
    EXPECT_WRITTEN(BIT(6));
}

static void lists(void)
{
    ULONG_PTR count = 2;
    DWORD granularity;
    touch(1);
    touch(2);
    touch(8);
    // As many as fit, the lowest; only they are forgotten.
    EXPECT_EQUAL(GetWriteWatch(WRITE_WATCH_FLAG_RESET, watched, SIZE, told, &count, &granularity), 0);
    EXPECT(count == 2 && told[0] == watched + PAGE && told[1] == watched + 2 * PAGE);
    // Without the flag nothing is.
    for (int round = 0; round < 2; round++) {
        count = 1;
        EXPECT_EQUAL(GetWriteWatch(0, watched, SIZE, told, &count, &granularity), 0);
        EXPECT(count == 1 && told[0] == watched + 8 * PAGE);
    }
    // A part of the region, from no page's start on.
    EXPECT_EQUAL(GetWriteWatch(0, watched + 9 * PAGE - 1, 1, told, &count, &granularity), 0);
    EXPECT(count == 1 && told[0] == watched + 8 * PAGE);
    count = 5;
    EXPECT_EQUAL(GetWriteWatch(0, watched, 8 * PAGE, told, &count, &granularity), 0);
    EXPECT_EQUAL(count, 0);
    touch(7);
    touch(9);
    EXPECT_EQUAL(ResetWriteWatch(watched + 8 * PAGE + 1, PAGE), 0);
    EXPECT_WRITTEN(BIT(7));
}

static void stores_of_the_kernel(void)
{
    DWORD done = 0;
    SIZE_T copied = 0;
    HANDLE file = CreateFileA("C:\\watched.tmp", GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE, NULL);
    static char bytes[3 * PAGE];
    EXPECT(WriteFile(file, bytes, sizeof bytes, &done, NULL) && done == sizeof bytes);
    for (int round = 0; round < 2; round++) {
        // Into pages that are not there yet, and then into those that are.
        EXPECT_EQUAL(SetFilePointer(file, 0, NULL, FILE_BEGIN), 0);
        EXPECT(ReadFile(file, watched + 11 * PAGE - 5, 2 * PAGE + 6, &done, NULL) && done == 2 * PAGE + 6);
        EXPECT_WRITTEN(BIT(10) | BIT(11) | BIT(12) | BIT(13));
    }
    // The kernel reads there, and only reads.
    EXPECT(WriteFile(file, watched + 14 * PAGE, 2 * PAGE, &done, NULL));
    EXPECT_WRITTEN(0);
    EXPECT(CloseHandle(file));
    EXPECT_EQUAL(NtReadVirtualMemory(OWN_PROCESS, bytes, watched + 17 * PAGE - 1, 2, &copied), SUCCESS);
    EXPECT_WRITTEN(BIT(16) | BIT(17));
    EXPECT_EQUAL(NtWriteVirtualMemory(OWN_PROCESS, bytes, watched + 17 * PAGE - 1, 2, &copied), SUCCESS);
    EXPECT_WRITTEN(0);
    CONTEXT *context = (CONTEXT *)(watched + 19 * PAGE - 8);
    context->ContextFlags = CONTEXT_INTEGER;
    EXPECT_WRITTEN(BIT(18));
    HANDLE thread = CreateThread(NULL, 0, touch_in_thread, (PVOID)20, CREATE_SUSPENDED, NULL);
    EXPECT(GetThreadContext(thread, context));
    EXPECT_EQUAL(ResumeThread(thread), 1);
    EXPECT_EQUAL(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    EXPECT(CloseHandle(thread));
    EXPECT_WRITTEN(BIT(18) | BIT(19) | BIT(20));
    EXPECT_EQUAL(VirtualQuery(bytes, (PVOID)(watched + 21 * PAGE), 28), 28);
    EXPECT_WRITTEN(BIT(21));
}

static void what_it_outlives(void)
{
    DWORD old;
    touch(1);
    touch(2);
    touch(3);
    // Out of the working set and back.
    EXPECT(SetProcessWorkingSetSize(OWN_PROCESS, (SIZE_T)-1, (SIZE_T)-1));
    EXPECT_EQUAL(watched[2 * PAGE + 7], 2);
    touch(4);
    EXPECT_WRITTEN(BIT(1) | BIT(2) | BIT(3) | BIT(4));
    EXPECT_EQUAL(watched[3 * PAGE + 7], 3);
    EXPECT(SetProcessWorkingSetSize(OWN_PROCESS, (SIZE_T)-1, (SIZE_T)-1));
    EXPECT_WRITTEN(0);
    // A change of protection is no store and forgets none.
    touch(5);
    touch(6);
    EXPECT(VirtualProtect(watched, 6 * PAGE, PAGE_READONLY, &old) && old == PAGE_READWRITE);
    EXPECT(VirtualProtect(watched + 6 * PAGE, PAGE, PAGE_NOACCESS, &old));
    EXPECT(VirtualProtect(watched + 7 * PAGE, PAGE, PAGE_READWRITE | PAGE_GUARD, &old));
    EXPECT_WRITTEN(BIT(5) | BIT(6));
    need(VirtualProtect(watched, SIZE, PAGE_READWRITE, &old));
    EXPECT_WRITTEN(0);
    // Nor does giving contents up, nor decommitting, nor committing again.
    touch(8);
    touch(9);
    touch(10);
    EXPECT(VirtualAlloc(watched + 8 * PAGE, PAGE, MEM_RESET, PAGE_READWRITE) == watched + 8 * PAGE);
    EXPECT(VirtualFree(watched + 9 * PAGE, PAGE, MEM_DECOMMIT));
    EXPECT(VirtualFree(watched + 10 * PAGE, PAGE, MEM_DECOMMIT));
    need(VirtualAlloc(watched + 10 * PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE) == watched + 10 * PAGE);
    EXPECT_EQUAL(watched[10 * PAGE + 7], 0);
    EXPECT_WRITTEN(BIT(8) | BIT(9) | BIT(10));
    need(VirtualAlloc(watched + 9 * PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE) == watched + 9 * PAGE);
    EXPECT_WRITTEN(0);
    touch(9);
    EXPECT_WRITTEN(BIT(9));
}

// The list, its length and the granularity may lie in what is watched: they are stores like others, and the list one after what it tells.
static void told_in_watched_memory(void)
{
    PVOID *list = (PVOID *)(watched + 30 * PAGE);
    SIZE_T *count = (SIZE_T *)(watched + 31 * PAGE);
    ULONG *granularity = (ULONG *)(watched + 32 * PAGE);
    touch(3);
    *count = 8;
    EXPECT_EQUAL(NtGetWriteWatch(OWN_PROCESS, WRITE_WATCH_FLAG_RESET, watched, SIZE, list, count, granularity), SUCCESS);
    EXPECT(list[0] == watched + 3 * PAGE && *count == 4 && *granularity == PAGE);
    EXPECT(list[1] == list && list[2] == count && list[3] == granularity);
    EXPECT_WRITTEN(BIT(30) | BIT(31) | BIT(32));
}

static NTSTATUS get(ULONG flags, PVOID base, SIZE_T size, PVOID *addresses, SIZE_T count)
{
    ULONG granularity;
    return NtGetWriteWatch(OWN_PROCESS, flags, base, size, addresses, &count, &granularity);
}

static void refusals(void)
{
    static const DWORD hostile[] = {0, 0x1000, 0x7FFE0000, 0x7FFF0000, 0x80000000, 0xC0000000, 0xFFFFFFFC};
    SIZE_T count = 5;
    ULONG granularity;
    char *other = commit(2 * PAGE);
    touch(0);
    for (DWORD index = 0; index < sizeof hostile / sizeof *hostile; index++) {
        PVOID pointer = (PVOID)hostile[index];
        EXPECT_EQUAL(NtGetWriteWatch(OWN_PROCESS, 1, watched, SIZE, pointer, &count, &granularity), VIOLATION);
        EXPECT_EQUAL(NtGetWriteWatch(OWN_PROCESS, 1, watched, SIZE, told, pointer, &granularity), VIOLATION);
        EXPECT_EQUAL(NtGetWriteWatch(OWN_PROCESS, 1, watched, SIZE, told, &count, pointer), VIOLATION);
    }
    for (int bit = 1; bit < 32; bit++)
        EXPECT_EQUAL(get(1u << bit | 1, watched, SIZE, told, 5), PARAMETER_2);
    EXPECT_EQUAL(get(1, watched, SIZE, (PVOID *)((char *)told + 2), 5), MISALIGNED);
    EXPECT_EQUAL(get(1, watched, SIZE, told, 0), PARAMETER_5);
    EXPECT_EQUAL(get(1, watched, SIZE, NULL, 0), PARAMETER_5);
    EXPECT_EQUAL(get(1, watched, SIZE, told, 0x40000000), PARAMETER_5);
    EXPECT_EQUAL(get(1, watched, SIZE, told, 0x3FFFFFFF), VIOLATION);
    EXPECT_EQUAL(get(1, (PVOID)0x7FFF0000, PAGE, told, 5), PARAMETER_2);
    EXPECT_EQUAL(get(1, (PVOID)0xFFFFFFFF, PAGE, told, 5), PARAMETER_2);
    EXPECT_EQUAL(get(1, watched, 0, told, 5), PARAMETER_3);
    EXPECT_EQUAL(get(1, watched, 0xFFFFFFFF, told, 5), PARAMETER_3);
    EXPECT_EQUAL(get(1, watched, SIZE + 1, told, 5), PARAMETER_1);
    EXPECT_EQUAL(get(1, watched - 1, 2, told, 5), PARAMETER_1);
    EXPECT_EQUAL(get(1, other, PAGE, told, 5), PARAMETER_1);
    EXPECT_EQUAL(get(1, GetModuleHandleA(NULL), PAGE, told, 5), PARAMETER_1);
    EXPECT_EQUAL(get(1, NULL, PAGE, told, 5), PARAMETER_1);
    EXPECT_EQUAL(get(1, (PVOID)0x7FFE0000, PAGE, told, 5), PARAMETER_1);
    EXPECT_EQUAL(NtGetWriteWatch((HANDLE)0x7777, 1, watched, SIZE, told, &count, &granularity), BAD_HANDLE);
    EXPECT_EQUAL(NtResetWriteWatch((HANDLE)0x7777, watched, SIZE), BAD_HANDLE);
    EXPECT_EQUAL(NtResetWriteWatch(OWN_PROCESS, (PVOID)0x80000000, SIZE), PARAMETER_2);
    EXPECT_EQUAL(NtResetWriteWatch(OWN_PROCESS, watched, 0), PARAMETER_3);
    EXPECT_EQUAL(NtResetWriteWatch(OWN_PROCESS, watched, SIZE + 1), PARAMETER_1);
    EXPECT_EQUAL(NtResetWriteWatch(OWN_PROCESS, other, PAGE), PARAMETER_1);
    // A list that ends where no store can go: refused as a whole, however short it would be; a guard in it is told, and then is off.
    EXPECT_EQUAL(protect_at(other + PAGE, PAGE, PAGE_READONLY), SUCCESS);
    EXPECT_EQUAL(get(1, watched, SIZE, (PVOID *)(other + PAGE - 8), 3), VIOLATION);
    EXPECT_EQUAL(protect_at(other + PAGE, PAGE, PAGE_READWRITE | PAGE_GUARD), SUCCESS);
    EXPECT_EQUAL(get(1, watched, SIZE, (PVOID *)(other + PAGE - 8), 3), STATUS_GUARD_PAGE_VIOLATION);
    // Win32 says it its own way.
    ULONG_PTR room = 5;
    SetLastError(0x12345678);
    EXPECT_EQUAL(GetWriteWatch(2, watched, SIZE, told, &room, &granularity), 0xFFFFFFFF);
    EXPECT_EQUAL(GetLastError(), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(GetWriteWatch(0, watched, SIZE, NULL, &room, &granularity), 0xFFFFFFFF);
    EXPECT_EQUAL(GetLastError(), ERROR_NOACCESS);
    EXPECT_EQUAL(ResetWriteWatch(other, PAGE), 0xFFFFFFFF);
    EXPECT_EQUAL(GetLastError(), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(VirtualAlloc(NULL, PAGE, MEM_WRITE_WATCH, PAGE_READWRITE), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(VirtualAlloc(NULL, PAGE, MEM_COMMIT | MEM_WRITE_WATCH, PAGE_READWRITE), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(free_at(watched + PAGE, PAGE, MEM_RELEASE), NOT_AT_BASE);
    EXPECT_EQUAL(free_at(watched, PAGE, MEM_RELEASE), NOT_AT_BASE);
    EXPECT(room == 5 && count == 5);
    // Nothing of this has forgotten anything.
    EXPECT_WRITTEN(BIT(0));
    EXPECT(VirtualFree(other, 0, MEM_RELEASE));
}

static void another_process(void)
{
    PROCESS_INFORMATION child;
    char path[MAX_PATH];
    SIZE_T count = 9;
    ULONG granularity = 0;
    DWORD word = 1;
    EXPECT(GetModuleFileNameA(NULL, path, sizeof path) != 0);
    if (!CreateProcessA(path, NULL, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &startup, &child)) {
        failures++;
        return;
    }
    char *there = VirtualAllocEx(child.hProcess, NULL, 4 * PAGE, MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH, PAGE_READWRITE);
    EXPECT(there != NULL);
    EXPECT(WriteProcessMemory(child.hProcess, there + 2 * PAGE - 2, &word, 4, NULL));
    EXPECT(ReadProcessMemory(child.hProcess, there + 3 * PAGE, &word, 4, NULL));
    EXPECT_EQUAL(NtGetWriteWatch(child.hProcess, 0, there, 4 * PAGE, told, &count, &granularity), SUCCESS);
    EXPECT(count == 2 && told[0] == there + PAGE && told[1] == there + 2 * PAGE && granularity == PAGE);
    EXPECT_EQUAL(NtResetWriteWatch(child.hProcess, there + PAGE, 1), SUCCESS);
    count = 9;
    EXPECT_EQUAL(NtGetWriteWatch(child.hProcess, 0, there, 4 * PAGE, told, &count, &granularity), SUCCESS);
    EXPECT(count == 1 && told[0] == there + 2 * PAGE);
    HANDLE weak = OpenProcess(PROCESS_VM_READ | PROCESS_VM_WRITE | PROCESS_QUERY_INFORMATION, FALSE, child.dwProcessId);
    EXPECT_EQUAL(NtGetWriteWatch(weak, 0, there, 4 * PAGE, told, &count, &granularity), NO_RIGHT);
    EXPECT_EQUAL(NtResetWriteWatch(weak, there, 4 * PAGE), NO_RIGHT);
    EXPECT(CloseHandle(weak));
    EXPECT(TerminateProcess(child.hProcess, 9));
    EXPECT_EQUAL(finish(&child), 9);
    // It ended with memory that was watched.
    EXPECT_WRITTEN(0);
}

static void test(void)
{
    watched = VirtualAlloc(NULL, SIZE, MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH, PAGE_READWRITE);
    need(watched != NULL);
    stores_of_this_process();
    lists();
    stores_of_the_kernel();
    what_it_outlives();
    told_in_watched_memory();
    refusals();
    another_process();
    touch(1);
    EXPECT(VirtualFree(watched, 0, MEM_RELEASE));
    EXPECT_EQUAL(get(0, watched, SIZE, told, 5), PARAMETER_1);
    // Reserved first, and more than fits a block of the pool.
    char *large = VirtualAlloc(NULL, 0x10000000, MEM_RESERVE | MEM_WRITE_WATCH, PAGE_NOACCESS);
    need(large != NULL);
    EXPECT_REGION(large, 0x10000000, MEM_RESERVE, 0);
    need(VirtualAlloc(large + 0xFFFF000, PAGE, MEM_COMMIT, PAGE_READWRITE) == large + 0xFFFF000);
    large[0xFFFFFFF] = 1;
    SIZE_T count = 2;
    ULONG granularity;
    EXPECT_EQUAL(NtGetWriteWatch(OWN_PROCESS, 1, large, 0x10000000, told, &count, &granularity), SUCCESS);
    EXPECT(count == 1 && told[0] == large + 0xFFFF000);
}
