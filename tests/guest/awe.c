// AWE: frames without addresses, windows without memory, and what comes of every way to bring them together or not.
// expect: exit 0
// cc: -ladvapi32
#include "lock_memory.h"

#define PAGES 64
#define MORE 200

static ULONG_PTR frames[PAGES], more[MORE], numbers[2 * MORE];
static PVOID addresses[2 * MORE];

static char *new_window(SIZE_T pages)
{
    return need(VirtualAlloc(NULL, pages * PAGE, MEM_RESERVE | MEM_PHYSICAL, PAGE_READWRITE));
}

// As many frames as were asked for: what the test goes on with.
static void get_frames(ULONG_PTR *array, ULONG_PTR wanted)
{
    ULONG_PTR count = wanted;
    EXPECT_EQUAL(NtAllocateUserPhysicalPages(OWN_PROCESS, &count, array), SUCCESS);
    EXPECT_EQUAL(count, wanted);
    if (count != wanted)
        ExitProcess(1);
}

static BOOL is_readable(const char *address)
{
    char byte;
    SIZE_T done = 0;
    return NtReadVirtualMemory(OWN_PROCESS, (PVOID)address, &byte, 1, &done) == SUCCESS;
}

static void privilege(void)
{
    ULONG_PTR count = 1, frame = 0x1234;
    EXPECT_ERROR(AllocateUserPhysicalPages(OWN_PROCESS, &count, &frame), ERROR_PRIVILEGE_NOT_HELD);
    EXPECT(count == 1 && frame == 0x1234);
    // A window is no memory: anybody may have one.
    char *window = new_window(1);
    EXPECT(VirtualFree(window, 0, MEM_RELEASE));
    set_lock_memory(SE_PRIVILEGE_ENABLED);
}

static void windows(void)
{
    char *window = new_window(PAGES);
    EXPECT_REGION(window, PAGES * PAGE, MEM_RESERVE, 0);
    EXPECT_EQUAL(query(window).AllocationProtect, PAGE_READWRITE);
    EXPECT_EQUAL(query(window).Type, MEM_PRIVATE);
    EXPECT(!is_readable(window));
    EXPECT_ERROR(VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_PHYSICAL, PAGE_READONLY), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT | MEM_PHYSICAL, PAGE_READWRITE), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(VirtualAlloc(NULL, PAGE, MEM_PHYSICAL, PAGE_READWRITE), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(VirtualAlloc(window, PAGE, MEM_COMMIT, PAGE_READWRITE), ERROR_INVALID_ADDRESS);
    EXPECT_EQUAL(allocate_at(window, PAGE, MEM_RESET, PAGE_READWRITE), CONFLICT);
    EXPECT(MapUserPhysicalPages(window, PAGES, NULL));

    // A page that shows a frame is committed, and stays as it is.
    EXPECT(MapUserPhysicalPages(window + 2 * PAGE, 2, frames));
    EXPECT_REGION(window, 2 * PAGE, MEM_RESERVE, 0);
    EXPECT_REGION(window + 2 * PAGE, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_REGION(window + 4 * PAGE, (PAGES - 4) * PAGE, MEM_RESERVE, 0);
    DWORD old;
    EXPECT_ERROR(VirtualProtect(window + 2 * PAGE, PAGE, PAGE_READONLY, &old), ERROR_INVALID_ADDRESS);
    EXPECT_EQUAL(protect_at(window + 2 * PAGE, PAGE, PAGE_NOACCESS), CONFLICT);
    EXPECT_EQUAL(protect_at(window + 2 * PAGE, PAGE, PAGE_READWRITE), CONFLICT);
    PVOID base = window + 2 * PAGE;
    SIZE_T size = PAGE;
    EXPECT_EQUAL(NtLockVirtualMemory(OWN_PROCESS, &base, &size, 1), WRONG_KIND);
    EXPECT_EQUAL(NtUnlockVirtualMemory(OWN_PROCESS, &base, &size, 1), WRONG_KIND);

    // All of it goes, or nothing.
    EXPECT_ERROR(VirtualFree(window, PAGE, MEM_DECOMMIT), ERROR_INVALID_ADDRESS);
    EXPECT_ERROR(VirtualFree(window, 0, MEM_DECOMMIT), ERROR_INVALID_ADDRESS);
    EXPECT_ERROR(VirtualFree(window + PAGE, 0, MEM_RELEASE), ERROR_INVALID_ADDRESS);
    EXPECT_EQUAL(free_at(window, PAGE, MEM_RELEASE), UNABLE_TO_FREE);
    EXPECT_EQUAL(free_at(window + PAGE, PAGE, MEM_RELEASE), NOT_AT_BASE);
    window[2 * PAGE] = 5;
    EXPECT(VirtualFree(window, 0, MEM_RELEASE));
    // The frame is the process's still, with what is in it.
    window = new_window(1);
    EXPECT(MapUserPhysicalPages(window, 1, frames));
    EXPECT_EQUAL(window[0], 5);
    window[0] = 0;
    EXPECT(VirtualFree(window, 0, MEM_RELEASE));
}

static void mapping(void)
{
    volatile char *window = new_window(PAGES), *other = new_window(2);
    EXPECT(MapUserPhysicalPages((PVOID)window, PAGES, frames));
    for (int index = 0; index < PAGES; index++) {
        EXPECT(all_bytes((char *)window + index * PAGE, PAGE, 0));
        window[index * PAGE] = (char)(index + 1);
        window[index * PAGE + PAGE - 1] = (char)(index + 1);
    }
    // A frame is at one address only.
    EXPECT_ERROR(MapUserPhysicalPages((PVOID)other, 1, frames), ERROR_INVALID_ADDRESS);
    EXPECT_EQUAL(NtMapUserPhysicalPages((PVOID)other, 1, frames + PAGES - 1), CONFLICT);
    ULONG_PTR twice[3] = {frames[0], frames[1], frames[0]};
    EXPECT_EQUAL(NtMapUserPhysicalPages((PVOID)window, 3, twice), CONFLICT);
    EXPECT(window[0] == 1 && window[2 * PAGE] == 3);
    // Whatever stands where the new mapping reaches is overwritten: so frames may change places.
    for (int index = 0; index < PAGES; index++)
        numbers[index] = frames[PAGES - 1 - index];
    EXPECT(MapUserPhysicalPages((PVOID)window, PAGES, numbers));
    for (int index = 0; index < PAGES; index++)
        EXPECT(window[index * PAGE] == PAGES - index && window[index * PAGE + PAGE - 1] == PAGES - index);
    // An address within a page means the page.
    EXPECT(MapUserPhysicalPages((PVOID)(window + 5 * PAGE + 123), 1, NULL));
    EXPECT(!is_readable((char *)window + 5 * PAGE) && is_readable((char *)window + 6 * PAGE));
    EXPECT(MapUserPhysicalPages((PVOID)(other + PAGE + 1), 1, &frames[PAGES - 6]));
    EXPECT_EQUAL(other[PAGE], PAGES - 5);

    // The kernel reads and writes there like anybody.
    char text[8] = "window", back[8] = {0};
    SIZE_T done = 0;
    EXPECT(WriteProcessMemory(OWN_PROCESS, (PVOID)(window + 2 * PAGE - 3), text, sizeof text, &done) && done == sizeof text);
    EXPECT(window[2 * PAGE - 3] == 'w' && window[2 * PAGE] == 'd');
    EXPECT(ReadProcessMemory(OWN_PROCESS, (PVOID)(window + 2 * PAGE - 3), back, sizeof back, &done) && back[5] == 'w');
    // Where a part of it is not mapped, nothing is written.
    EXPECT_EQUAL(NtWriteVirtualMemory(OWN_PROCESS, (PVOID)(window + 5 * PAGE - 3), text, sizeof text, &done), 0xC0000005);
    EXPECT(done == 0 && window[5 * PAGE - 3] == 0);
    HANDLE pipe[2];
    DWORD count = 0;
    EXPECT(CreatePipe(&pipe[0], &pipe[1], NULL, 0) && WriteFile(pipe[1], (PVOID)(window + 2 * PAGE - 3), 8, &count, NULL));
    EXPECT(ReadFile(pipe[0], (PVOID)(other + PAGE + 100), 8, &count, NULL) && count == 8 && other[PAGE + 102] == 'n');
    EXPECT(CloseHandle(pipe[0]) && CloseHandle(pipe[1]));

    EXPECT(VirtualFree((PVOID)window, 0, MEM_RELEASE) && VirtualFree((PVOID)other, 0, MEM_RELEASE));
}

static void places(void)
{
    char *window = new_window(4), *memory = need(commit(4 * PAGE)), *end = window + 4 * PAGE;
    struct { PVOID address; ULONG_PTR count; NTSTATUS status; } rows[] = {
        {window, 0, PARAMETER_2}, {window, 0x100000, PARAMETER_2}, {window, 0x7FFFFFFF, PARAMETER_2},
        {window, 0xFFFFFFFF, PARAMETER_2}, {window, 5, PARAMETER_1}, {end - PAGE, 2, PARAMETER_1}, {end, 1, PARAMETER_1},
        {window, 0x80000, PARAMETER_1}, {memory, 1, PARAMETER_1}, {NULL, 1, PARAMETER_1}, {(PVOID)0x7FFE0000, 1, PARAMETER_1},
        {(PVOID)0x7FFDF000, 1, PARAMETER_1}, {(PVOID)0x80000000, 1, PARAMETER_1}, {(PVOID)0xFFFFFFFF, 1, PARAMETER_1},
    };
    for (DWORD index = 0; index < sizeof rows / sizeof *rows; index++) {
        EXPECT_EQUAL(NtMapUserPhysicalPages(rows[index].address, rows[index].count, frames), rows[index].status);
        EXPECT_EQUAL(NtMapUserPhysicalPages(rows[index].address, rows[index].count, NULL), rows[index].status);
    }
    EXPECT_ERROR(MapUserPhysicalPages(memory, 1, frames), ERROR_INVALID_PARAMETER);
    // Numbers that are no frames of this process's.
    ULONG_PTR strange[] = {0, 1, 0x100, 0xFFFFFF, 0x1000000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
    for (DWORD index = 0; index < sizeof strange / sizeof *strange; index++) {
        ULONG_PTR mixed[2] = {frames[0], strange[index]}, count = 1;
        EXPECT_EQUAL(NtMapUserPhysicalPages(window, 2, mixed), CONFLICT);
        EXPECT(!is_readable(window));
        EXPECT_EQUAL(NtFreeUserPhysicalPages(OWN_PROCESS, &count, strange + index), CONFLICT);
        EXPECT_EQUAL(count, 0);
    }
    // Arrays that cannot be read.
    EXPECT_EQUAL(NtMapUserPhysicalPages(window, 2, (PVOID)(memory + 1)), MISALIGNED);
    EXPECT_EQUAL(NtMapUserPhysicalPages(window, 2, (PVOID)0x7FFF0000), VIOLATION);
    EXPECT_EQUAL(NtMapUserPhysicalPages(window, 2, (PVOID)0x7FFEFFFC), VIOLATION);
    EXPECT_EQUAL(NtMapUserPhysicalPages(window, 2, (PVOID)0x80000000), VIOLATION);
    EXPECT_EQUAL(NtMapUserPhysicalPages(window, 2, (PVOID)0xFFFFFFFC), VIOLATION);
    EXPECT_EQUAL(NtMapUserPhysicalPages(window, 2, (PVOID)4), VIOLATION);
    DWORD old;
    EXPECT(VirtualProtect(memory + PAGE, PAGE, PAGE_READWRITE | PAGE_GUARD, &old));
    EXPECT_EQUAL(NtMapUserPhysicalPages(window, 2, (PVOID)(memory + PAGE)), 0x80000001);
    EXPECT_EQUAL(NtMapUserPhysicalPages(window, 2, (PVOID)(memory + PAGE)), CONFLICT);
    ULONG_PTR *last = (ULONG_PTR *)(memory + 4 * PAGE) - 1;
    *last = frames[1];
    EXPECT_EQUAL(NtMapUserPhysicalPages(window, 2, last), VIOLATION);
    EXPECT(!is_readable(window));
    EXPECT_EQUAL(NtMapUserPhysicalPages(window, 1, last), SUCCESS);
    EXPECT(is_readable(window) && !is_readable(window + PAGE));
    // An array may itself be in a window, and be what it maps away.
    *(ULONG_PTR *)window = frames[2];
    EXPECT_EQUAL(NtMapUserPhysicalPages(window, 1, (PVOID)window), SUCCESS);
    EXPECT_EQUAL(*(ULONG_PTR *)window, 3);
    EXPECT(VirtualFree(window, 0, MEM_RELEASE) && VirtualFree(memory, 0, MEM_RELEASE));
}

static void scattered(void)
{
    volatile char *window = new_window(8), *other = new_window(600);
    PVOID at[4] = {(PVOID)(window + 7 * PAGE), (PVOID)(other + 1), (PVOID)(other + 599 * PAGE), (PVOID)window};
    EXPECT(MapUserPhysicalPagesScatter(at, 4, frames));
    for (int index = 0; index < 4; index++)
        *(volatile char *)((DWORD)at[index] & ~0xFFFu) = (char)(index + 1);
    // 0 unmaps; frames move between windows in one call.
    ULONG_PTR next[4] = {frames[3], 0, frames[0], frames[2]};
    EXPECT(MapUserPhysicalPagesScatter(at, 4, next));
    EXPECT(window[7 * PAGE] == 4 && other[599 * PAGE] == 1 && window[0] == 3 && !is_readable((char *)other));
    EXPECT_EQUAL(NtMapUserPhysicalPagesScatter(at, 1, frames + 2), CONFLICT);
    at[2] = (PVOID)(window + 8 * PAGE);
    EXPECT_EQUAL(NtMapUserPhysicalPagesScatter(at, 4, frames), PARAMETER_1);
    EXPECT(window[7 * PAGE] == 4 && other[599 * PAGE] == 1 && window[0] == 3);
    EXPECT_EQUAL(NtMapUserPhysicalPagesScatter(at, 0, frames), SUCCESS);
    EXPECT_EQUAL(NtMapUserPhysicalPagesScatter(at, 0x7FFFFFFF, frames), PARAMETER_2);
    EXPECT_EQUAL(NtMapUserPhysicalPagesScatter(at, 0xFFFFFFFF, frames), PARAMETER_2);
    EXPECT_EQUAL(NtMapUserPhysicalPagesScatter(NULL, 2, frames), VIOLATION);
    EXPECT_EQUAL(NtMapUserPhysicalPagesScatter((PVOID)0x80000000, 2, frames), VIOLATION);
    EXPECT_EQUAL(NtMapUserPhysicalPagesScatter(at, 2, (PVOID)0xFFFFFFFC), VIOLATION);
    EXPECT_EQUAL(NtMapUserPhysicalPagesScatter((PVOID)((DWORD)at + 2), 2, frames), MISALIGNED);
    // More entries than find room on a stack, from the last page to the first.
    get_frames(more, MORE);
    for (int index = 0; index < MORE; index++)
        addresses[index] = (PVOID)(other + (599 - index) * PAGE), numbers[index] = more[index];
    EXPECT(MapUserPhysicalPagesScatter(addresses, MORE, numbers));
    for (int index = 0; index < MORE; index++)
        other[(599 - index) * PAGE] = (char)index;
    EXPECT(MapUserPhysicalPages((PVOID)other, 600, NULL));
    EXPECT(MapUserPhysicalPages((PVOID)other, MORE, more));
    int wrong = 0;
    for (int index = 0; index < MORE; index++)
        wrong += other[index * PAGE] != (char)index;
    EXPECT_EQUAL(wrong, 0);
    EXPECT(MapUserPhysicalPagesScatter(addresses, MORE, NULL));
    ULONG_PTR count = MORE;
    EXPECT(FreeUserPhysicalPages(OWN_PROCESS, &count, more) && count == MORE);
    EXPECT(!is_readable((char *)other) && !is_readable((char *)other + (MORE - 1) * PAGE));
    EXPECT(VirtualFree((PVOID)window, 0, MEM_RELEASE) && VirtualFree((PVOID)other, 0, MEM_RELEASE));
}

static void allocating(void)
{
    char *memory = need(commit(2 * PAGE));
    DWORD old;
    ULONG_PTR count = 0, frame = 7;
    EXPECT_EQUAL(NtAllocateUserPhysicalPages(OWN_PROCESS, &count, &frame), SUCCESS);
    EXPECT(count == 0 && frame == 7);
    struct { ULONG_PTR count; PVOID array; NTSTATUS status; } rows[] = {
        {0x40000000, frames, PARAMETER_2}, {0x7FFFFFFF, frames, PARAMETER_2}, {0xFFFFFFFF, frames, PARAMETER_2},
        {0x3FFFFFFF, frames, VIOLATION}, {1, NULL, VIOLATION}, {1, (PVOID)(memory + 2), MISALIGNED},
        {2, memory + 2 * PAGE - 4, VIOLATION}, {1, (PVOID)0x7FFF0000, VIOLATION}, {1, (PVOID)0x80000000, VIOLATION},
        {1, (PVOID)0xFFFFFFFC, VIOLATION}, {1, (PVOID)0x7FFE0000, VIOLATION},
    };
    for (DWORD index = 0; index < sizeof rows / sizeof *rows; index++) {
        count = rows[index].count;
        EXPECT_EQUAL(NtAllocateUserPhysicalPages(OWN_PROCESS, &count, rows[index].array), rows[index].status);
        EXPECT_EQUAL(count, rows[index].count);
        // What may be read tells of frames that nobody has.
        BOOL is_readable = rows[index].array == (PVOID)0x7FFE0000;
        EXPECT_EQUAL(NtFreeUserPhysicalPages(OWN_PROCESS, &count, rows[index].array), is_readable ? CONFLICT : rows[index].status);
    }
    count = 1;
    EXPECT(VirtualProtect(memory, PAGE, PAGE_READONLY, &old));
    EXPECT_EQUAL(NtAllocateUserPhysicalPages(OWN_PROCESS, &count, (PVOID)memory), VIOLATION);
    EXPECT_EQUAL(NtAllocateUserPhysicalPages(OWN_PROCESS, (PVOID)memory, &frame), VIOLATION);
    EXPECT_EQUAL(NtAllocateUserPhysicalPages(OWN_PROCESS, NULL, &frame), VIOLATION);
    EXPECT_EQUAL(NtAllocateUserPhysicalPages((HANDLE)0x7777, &count, &frame), BAD_HANDLE);
    EXPECT_EQUAL(NtFreeUserPhysicalPages((HANDLE)0x7777, &count, &frame), BAD_HANDLE);
    count = 0;
    EXPECT_EQUAL(NtFreeUserPhysicalPages(OWN_PROCESS, &count, &frame), PARAMETER_2);
    HANDLE weak;
    EXPECT(DuplicateHandle(OWN_PROCESS, OWN_PROCESS, OWN_PROCESS, &weak, PROCESS_QUERY_INFORMATION, FALSE, 0));
    count = 1;
    EXPECT_EQUAL(NtAllocateUserPhysicalPages(weak, &count, &frame), NO_ACCESS_RIGHT);
    EXPECT_EQUAL(NtFreeUserPhysicalPages(weak, &count, frames), NO_ACCESS_RIGHT);
    EXPECT(CloseHandle(weak));
    // What is freed in order is counted as far as it goes.
    ULONG_PTR mine[3];
    get_frames(mine, 3);
    ULONG_PTR order[4] = {mine[0], mine[1], mine[0], mine[2]};
    count = 4;
    EXPECT_ERROR(FreeUserPhysicalPages(OWN_PROCESS, &count, order), ERROR_INVALID_ADDRESS);
    EXPECT_EQUAL(count, 2);
    count = 1;
    EXPECT(FreeUserPhysicalPages(OWN_PROCESS, &count, order + 3) && count == 1);
    EXPECT(VirtualFree(memory, 0, MEM_RELEASE));
}

// As many frames as there are: fewer than were asked for, and enough for the system to live.
static void everything(void)
{
    MEMORYSTATUS memory;
    GlobalMemoryStatus(&memory);
    ULONG_PTR all = memory.dwTotalPhys / PAGE;
    // Where there is a lot of memory this much will do: 64 MB.
    ULONG_PTR wanted = all > 0x8000 ? 0x4000 : all;
    ULONG_PTR *array = need(VirtualAlloc(NULL, wanted * sizeof *array, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE));
    ULONG_PTR count = wanted;
    EXPECT(AllocateUserPhysicalPages(OWN_PROCESS, &count, array));
    EXPECT(all > 0x8000 ? count == wanted : count > 0 && count < wanted);
    char *window = new_window(count);
    EXPECT(MapUserPhysicalPages(window, count, array));
    volatile DWORD *words = (PVOID)window;
    DWORD wrong = 0;
    for (ULONG_PTR index = 0; index < count; index++) {
        wrong += words[index * (PAGE / 4)] != 0;
        words[index * (PAGE / 4)] = index;
    }
    for (ULONG_PTR index = 0; index < count; index++)
        wrong += words[index * (PAGE / 4)] != index;
    EXPECT_EQUAL(wrong, 0);
    // Some are freed while they are mapped, the rest when the process ends.
    count /= 2;
    EXPECT(FreeUserPhysicalPages(OWN_PROCESS, &count, array));
    EXPECT(!is_readable(window) && is_readable(window + count * PAGE));
}

static void test(void)
{
    privilege();
    get_frames(frames, PAGES);
    windows();
    mapping();
    places();
    scattered();
    allocating();
    everything();
}
