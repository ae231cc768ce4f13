// Memory whose protection may not change, and memory that the system relies on: views with SEC_NO_CHANGE, the PEB, TEBs.
// expect: exit 0
#include "section.h"

#ifndef SEC_NO_CHANGE
#define SEC_NO_CHANGE 0x00400000
#endif

static DWORD thread_word(DWORD offset)
{
    DWORD word;
    __asm__ volatile("movl %%fs:(%1), %0" : "=r"(word) : "r"(offset));
    return word;
}

static char *map(HANDLE section, ULONG type, ULONG protect)
{
    PVOID base = NULL;
    SIZE_T size = 0;
    EXPECT_EQUAL(NtMapViewOfSection(section, OWN_PROCESS, &base, 0, 0, NULL, &size, VIEW_UNMAP, type, protect), SUCCESS);
    if (base == NULL)
        ExitProcess(1);
    return base;
}

// A view of two pages that is mapped with READWRITE and may not change.
static void fixed_view(char *view)
{
    DWORD old;
    static const ULONG others[] = {PAGE_READONLY, PAGE_NOACCESS, PAGE_WRITECOPY, PAGE_READWRITE | PAGE_GUARD};
    for (DWORD index = 0; index < sizeof others / sizeof *others; index++) {
        EXPECT_EQUAL(protect_at(view, PAGE, others[index]), BAD_PROTECTION);
        EXPECT_EQUAL(protect_at(view + PAGE, PAGE, others[index]), BAD_PROTECTION);
        EXPECT_EQUAL(allocate_at(view, PAGE, MEM_COMMIT, others[index]), BAD_PROTECTION);
    }
    EXPECT_ERROR(VirtualProtect(view, 2 * PAGE, PAGE_READONLY, &old), ERROR_INVALID_PARAMETER);
    view[0] = 1;
    view[PAGE] = 2;
    EXPECT_REGION(view, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    // What it has already it may be given.
    EXPECT(VirtualProtect(view, 2 * PAGE, PAGE_READWRITE, &old) && old == PAGE_READWRITE);
    EXPECT_EQUAL(allocate_at(view, PAGE, MEM_COMMIT, PAGE_READWRITE), SUCCESS);
    EXPECT_EQUAL(free_at(view, 0, MEM_RELEASE), SECTION_MEMORY);
    EXPECT_EQUAL(free_at(view, PAGE, MEM_DECOMMIT), SECTION_MEMORY);
    // It may go.
    EXPECT_EQUAL(NtUnmapViewOfSection(OWN_PROCESS, view + PAGE), SUCCESS);
    EXPECT_EQUAL(query(view).State, MEM_FREE);
}

static void views(void)
{
    HANDLE section = section_of(2 * PAGE, PAGE_READWRITE, SEC_COMMIT);
    HANDLE fixed = section_of(2 * PAGE, PAGE_READWRITE, SEC_COMMIT | SEC_NO_CHANGE);
    // Another view of the same section is not concerned; one of a section that says so itself is, however it is mapped.
    char *beside = map(section, 0, PAGE_READWRITE);
    fixed_view(map(section, SEC_NO_CHANGE, PAGE_READWRITE));
    EXPECT_EQUAL(beside[PAGE], 2);
    EXPECT_EQUAL(protect_at(beside, PAGE, PAGE_READONLY), SUCCESS);
    EXPECT_EQUAL(NtUnmapViewOfSection(OWN_PROCESS, beside), SUCCESS);
    fixed_view(map(fixed, 0, PAGE_READWRITE));
    fixed_view(map(fixed, SEC_NO_CHANGE | MEM_TOP_DOWN, PAGE_READWRITE));
    // A guard that the view was mapped with goes as guards go, and may come back: it is what the view has.
    char *guarded = map(section, SEC_NO_CHANGE, PAGE_READONLY | PAGE_GUARD);
    EXPECT_EQUAL(protect_at(guarded, PAGE, PAGE_READONLY), BAD_PROTECTION);
    EXPECT_EQUAL(protect_at(guarded, PAGE, PAGE_READONLY | PAGE_GUARD), SUCCESS);
    // A copy is a page of its own, and stays what it became.
    char *copy = map(section, SEC_NO_CHANGE, PAGE_WRITECOPY);
    copy[0] = 9;
    EXPECT_EQUAL(protect_at(copy, PAGE, PAGE_READONLY), BAD_PROTECTION);
    EXPECT_REGION(copy, PAGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_EQUAL(NtUnmapViewOfSection(OWN_PROCESS, copy), SUCCESS);
    EXPECT(CloseHandle(section) && CloseHandle(fixed));
}

// The page of a PEB or TEB: it stays, and stays good for loads and stores.
static void block(char *page)
{
    DWORD old;
    static const ULONG worse[] = {PAGE_READONLY, PAGE_NOACCESS, PAGE_EXECUTE, PAGE_EXECUTE_READ};
    EXPECT_REGION(page, PAGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_EQUAL(free_at(page, 0, MEM_RELEASE), BAD_PROTECTION);
    EXPECT_EQUAL(free_at(page, PAGE, MEM_RELEASE), BAD_PROTECTION);
    EXPECT_EQUAL(free_at(page, PAGE, MEM_DECOMMIT), BAD_PROTECTION);
    EXPECT_EQUAL(free_at(page + 8, 1, MEM_DECOMMIT), BAD_PROTECTION);
    EXPECT_EQUAL(NtUnmapViewOfSection(OWN_PROCESS, page), NO_VIEW);
    EXPECT_ERROR(VirtualFree(page, 0, MEM_RELEASE), ERROR_INVALID_PARAMETER);
    for (DWORD index = 0; index < sizeof worse / sizeof *worse; index++) {
        EXPECT_EQUAL(protect_at(page, PAGE, worse[index]), BAD_PROTECTION);
        EXPECT_EQUAL(allocate_at(page, PAGE, MEM_COMMIT, worse[index]), BAD_PROTECTION);
    }
    EXPECT_ERROR(VirtualProtect(page, 1, PAGE_READONLY, &old), ERROR_INVALID_PARAMETER);
    EXPECT(VirtualProtect(page, 1, PAGE_EXECUTE_READWRITE, &old) && old == PAGE_READWRITE);
    EXPECT(VirtualProtect(page, 1, PAGE_READWRITE, &old) && old == PAGE_EXECUTE_READWRITE);
    EXPECT_EQUAL(allocate_at(page, PAGE, MEM_COMMIT, PAGE_READWRITE), SUCCESS);
    EXPECT_EQUAL(allocate_at(page, PAGE, MEM_RESERVE, PAGE_READWRITE), CONFLICT);
    EXPECT_REGION(page, PAGE, MEM_COMMIT, PAGE_READWRITE);
}

static char *other_block;

static DWORD WINAPI in_thread(void *argument)
{
    (void)argument;
    other_block = (char *)thread_word(0x18);
    block(other_block);
    return 7;
}

static void test(void)
{
    DWORD code = 0;
    views();
    block((char *)thread_word(0x18));
    block((char *)thread_word(0x30));
    HANDLE thread = CreateThread(NULL, 0, in_thread, NULL, 0, NULL);
    if (thread == NULL)
        ExitProcess(1);
    EXPECT_EQUAL(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    EXPECT(GetExitCodeThread(thread, &code) && code == 7);
    EXPECT(CloseHandle(thread));
    // With its thread the block went.
    EXPECT_EQUAL(query(other_block).State, MEM_FREE);
}
