// Guard pages: with every protection and every access, once, in private memory, shared memory and files, out of the working set and back, and when the
// kernel is the first to touch them.
// expect: exit 0
#include "handler.h"
#include "section_file.h"

enum { GUARD_HIT = (int)0x80000001, CODE_OF_RETURN = 0xC3 };

DWORD target;
SNIPPET(load, "movl _target, %eax\n", "movb (%eax), %al");
SNIPPET(store, "movl _target, %eax\n", "movb $0xC3, (%eax)");
// A fetch that fails is resumed where the call would have gone: the ret there takes the address that it pushed.
SNIPPET(fetch, "movl _target, %eax\n", "call *%eax");

static const struct access {
    void (*run)(void);
    const void *after;
    DWORD kind, allowed;
} loads = {load, load_after, 0, PAGE_READONLY | PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE},
  stores = {store, store_after, 1, PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE},
  fetches = {fetch, fetch_after, 8, PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE};
static BOOL has_nx;

// The code of the exception that an access to `address` raises, 0 for none; it names the access.
static DWORD attempt(int line, const struct access *access, const char *address)
{
    registration own;
    target = (DWORD)address;
    calls = 0;
    resume_at = access->after;
    push_handler(&own, noting_handler);
    access->run();
    pop_handler(&own);
    if (calls == 0)
        return 0;
    expect_word(line, "exceptions", calls, 1);
    expect_word(line, "parameters", seen.NumberParameters, 2);
    expect_word(line, "access", seen.ExceptionInformation[0], access->kind == 8 && !has_nx ? 0 : access->kind);
    expect_word(line, "address", seen.ExceptionInformation[1], (DWORD)address);
    return seen.ExceptionCode;
}
#define ATTEMPT(access, address) attempt(__LINE__, access, address)

static void need(const void *memory)
{
    if (memory == NULL)
        ExitProcess(1);
}

static const ULONG protections[] = {PAGE_READONLY, PAGE_READWRITE, PAGE_EXECUTE, PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE};
static const struct access *const kinds[] = {&loads, &stores, &fetches};

// A page under `protect` with a guard, touched by one access after the other.
static void one_shot(char *page, ULONG protect, const struct access *access)
{
    ULONG allowed = access == &fetches && !has_nx ? loads.allowed : access->allowed;
    EXPECT_REGION(page, PAGE, MEM_COMMIT, protect | PAGE_GUARD);
    EXPECT_EQUAL(ATTEMPT(access, page + 5), GUARD_HIT);
    EXPECT_REGION(page, PAGE, MEM_COMMIT, protect);
    EXPECT_EQUAL(ATTEMPT(access, page + 6), protect & allowed ? 0 : VIOLATION);
}

static void every_pair(void)
{
    for (DWORD index = 0; index < sizeof protections / sizeof *protections; index++)
        for (DWORD kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
            ULONG protect = protections[index], old = 0;
            // Touched before, so that it is in a frame; and committed with its guard, so that it is in none.
            char *page = commit(PAGE);
            need(page);
            fill(page, PAGE, (char)CODE_OF_RETURN);
            EXPECT(VirtualProtect(page, PAGE, protect | PAGE_GUARD, &old) && old == PAGE_READWRITE);
            one_shot(page, protect, kinds[kind]);
            EXPECT(VirtualProtect(page, PAGE, PAGE_READWRITE | PAGE_GUARD, &old) && old == protect);
            EXPECT(VirtualProtect(page, PAGE, PAGE_READWRITE, &old) && old == (PAGE_READWRITE | PAGE_GUARD));
            EXPECT(all_bytes(page, PAGE, (char)CODE_OF_RETURN));
            EXPECT(VirtualFree(page, 0, MEM_RELEASE));
            if (kinds[kind] == &fetches)
                continue;
            page = VirtualAlloc(NULL, PAGE, MEM_COMMIT, protect | PAGE_GUARD);
            need(page);
            one_shot(page, protect, kinds[kind]);
            EXPECT(VirtualFree(page, 0, MEM_RELEASE));
        }
}

static void refusals(void)
{
    static const ULONG bad[] = {PAGE_GUARD, PAGE_NOACCESS | PAGE_GUARD, PAGE_READWRITE | PAGE_GUARD | PAGE_NOCACHE, PAGE_READWRITE | PAGE_GUARD | PAGE_WRITECOMBINE, PAGE_GUARD | PAGE_NOCACHE};
    char *page = commit(PAGE);
    HANDLE section = section_of(PAGE, PAGE_READWRITE, SEC_COMMIT);
    for (DWORD index = 0; index < sizeof bad / sizeof *bad; index++) {
        PVOID base = NULL;
        SIZE_T size = 0;
        EXPECT_EQUAL(protect_at(page, PAGE, bad[index]), BAD_PROTECTION);
        EXPECT_EQUAL(allocate_at(page, PAGE, MEM_COMMIT, bad[index]), BAD_PROTECTION);
        EXPECT_EQUAL(NtMapViewOfSection(section, OWN_PROCESS, &base, 0, 0, NULL, &size, VIEW_UNMAP, 0, bad[index]), BAD_PROTECTION);
        EXPECT_ERROR(VirtualAlloc(NULL, PAGE, MEM_COMMIT, bad[index]), ERROR_INVALID_PARAMETER);
    }
    EXPECT_REGION(page, PAGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT(CloseHandle(section));
}

// Each page has its own guard; what shares a page with another process or view shares no guard.
static void views(void)
{
    HANDLE section = section_of(3 * PAGE, PAGE_READWRITE, SEC_COMMIT);
    char *guarded = view_of(section, PAGE_READWRITE | PAGE_GUARD), *plain = view_of(section, PAGE_READWRITE);
    need(guarded);
    need(plain);
    fill(plain, 3 * PAGE, 7);
    EXPECT_REGION(guarded, 3 * PAGE, MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD);
    EXPECT_EQUAL(ATTEMPT(&stores, guarded + PAGE), GUARD_HIT);
    EXPECT_REGION(guarded, PAGE, MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD);
    EXPECT_REGION(guarded + PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_REGION(guarded + 2 * PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD);
    EXPECT_REGION(plain, 3 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_EQUAL(plain[PAGE], 7);
    EXPECT_EQUAL(ATTEMPT(&stores, guarded + PAGE), 0);
    EXPECT_EQUAL((BYTE)plain[PAGE], CODE_OF_RETURN);
    EXPECT_EQUAL(ATTEMPT(&loads, guarded), GUARD_HIT);
    EXPECT_EQUAL(ATTEMPT(&loads, guarded), 0);
    // A guard over a page that is mapped here already; the frame stays the one that is shared.
    EXPECT_EQUAL(protect_at(guarded, PAGE, PAGE_READONLY | PAGE_GUARD), SUCCESS);
    plain[0] = 8;
    EXPECT_EQUAL(ATTEMPT(&stores, guarded), GUARD_HIT);
    EXPECT_EQUAL(ATTEMPT(&stores, guarded), VIOLATION);
    EXPECT_EQUAL(guarded[0], 8);
    EXPECT_EQUAL(NtUnmapViewOfSection(OWN_PROCESS, guarded), SUCCESS);
    EXPECT_EQUAL(NtUnmapViewOfSection(OWN_PROCESS, plain), SUCCESS);
    EXPECT(CloseHandle(section));
}

// A view of a file, and one whose stores make copies.
static void files(void)
{
    HANDLE file = open_file(SOME_FILE, GENERIC_READ), section = NULL;
    EXPECT_EQUAL(create_file_section(&section, file, 0, PAGE_WRITECOPY, SEC_COMMIT), SUCCESS);
    if (section == NULL)
        ExitProcess(1);
    char *view = view_of(section, PAGE_READONLY | PAGE_GUARD), *copied = view_of(section, PAGE_WRITECOPY | PAGE_GUARD);
    need(view);
    need(copied);
    EXPECT_EQUAL(ATTEMPT(&loads, view), GUARD_HIT);
    EXPECT_EQUAL(view[0], 'M');
    EXPECT_EQUAL(ATTEMPT(&stores, view + PAGE), GUARD_HIT);
    EXPECT_EQUAL(ATTEMPT(&stores, view + PAGE), VIOLATION);
    EXPECT_EQUAL(ATTEMPT(&stores, copied), GUARD_HIT);
    EXPECT_REGION(copied, PAGE, MEM_COMMIT, PAGE_WRITECOPY);
    EXPECT_EQUAL(ATTEMPT(&stores, copied), 0);
    EXPECT_REGION(copied, PAGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT((BYTE)copied[0] == CODE_OF_RETURN && copied[1] == 'Z' && view[0] == 'M');
    // The copy is guarded like a page of the process's own, which it is.
    EXPECT_EQUAL(protect_at(copied, PAGE, PAGE_WRITECOPY | PAGE_GUARD), SUCCESS);
    EXPECT_EQUAL(ATTEMPT(&loads, copied), GUARD_HIT);
    EXPECT_EQUAL((BYTE)copied[0], CODE_OF_RETURN);
    EXPECT_EQUAL(NtUnmapViewOfSection(OWN_PROCESS, view), SUCCESS);
    EXPECT_EQUAL(NtUnmapViewOfSection(OWN_PROCESS, copied), SUCCESS);
    EXPECT(CloseHandle(section) && CloseHandle(file));
}

// Out of the working set, before and after the guard was put there, and locked into it.
static void working_set(void)
{
    char *pages = commit(3 * PAGE);
    need(pages);
    fill(pages, 3 * PAGE, 5);
    EXPECT_EQUAL(protect_at(pages, PAGE, PAGE_READWRITE | PAGE_GUARD), SUCCESS);
    EXPECT(SetProcessWorkingSetSize(OWN_PROCESS, (SIZE_T)-1, (SIZE_T)-1));
    EXPECT_EQUAL(protect_at(pages + PAGE, PAGE, PAGE_READWRITE | PAGE_GUARD), SUCCESS);
    for (int page = 0; page < 2; page++) {
        EXPECT_EQUAL(ATTEMPT(&loads, pages + page * PAGE), GUARD_HIT);
        EXPECT_EQUAL(ATTEMPT(&loads, pages + page * PAGE), 0);
    }
    EXPECT(all_bytes(pages, 3 * PAGE, 5));
    // The first try to lock a guard page hits the guard, the second one locks, as the documentation of guard pages shows.
    EXPECT_EQUAL(protect_at(pages, 2 * PAGE, PAGE_READONLY | PAGE_GUARD), SUCCESS);
    for (int page = 0; page < 2; page++)
        EXPECT_ERROR(VirtualLock(pages, 2 * PAGE), (DWORD)GUARD_HIT);
    EXPECT(VirtualLock(pages, 2 * PAGE));
    EXPECT_REGION(pages, 2 * PAGE, MEM_COMMIT, PAGE_READONLY);
    EXPECT(VirtualUnlock(pages, 2 * PAGE));
    EXPECT(VirtualFree(pages, 0, MEM_RELEASE));
}

// A service that is the first to touch a guard page fails with what the program would be told, and succeeds the next time.
static void services(void)
{
    char *page = commit(PAGE);
    need(page);
    PVOID *base = (PVOID *)page;
    SIZE_T size = PAGE, done = 7;
    DWORD count = 0;
    char byte = 1;
    HANDLE file = open_file(SOME_FILE, GENERIC_READ);
    for (int round = 0; round < 2; round++) {
        EXPECT_EQUAL(protect_at(page, PAGE, PAGE_READWRITE | PAGE_GUARD), SUCCESS);
        NTSTATUS first = round == 0 ? NtQueryVirtualMemory(OWN_PROCESS, page, 0, page, 28, NULL) : NtFreeVirtualMemory(OWN_PROCESS, base, &size, MEM_RELEASE);
        EXPECT_EQUAL(first, GUARD_HIT);
        EXPECT_REGION(page, PAGE, MEM_COMMIT, PAGE_READWRITE);
    }
    EXPECT_EQUAL(NtQueryVirtualMemory(OWN_PROCESS, page, 0, page, 28, NULL), SUCCESS);
    // A reader of other processes' memory is told how far it got.
    EXPECT_EQUAL(protect_at(page, PAGE, PAGE_READWRITE | PAGE_GUARD), SUCCESS);
    EXPECT_EQUAL(NtReadVirtualMemory(OWN_PROCESS, page, &byte, 1, &done), PARTIAL_COPY);
    EXPECT_EQUAL(done, 0);
    EXPECT_EQUAL(NtReadVirtualMemory(OWN_PROCESS, page, &byte, 1, &done), SUCCESS);
    EXPECT_EQUAL(done, 1);
    // Files.
    EXPECT_EQUAL(protect_at(page, PAGE, PAGE_READWRITE | PAGE_GUARD), SUCCESS);
    EXPECT_ERROR(ReadFile(file, page, 2, &count, NULL), (DWORD)GUARD_HIT);
    EXPECT_EQUAL(SetFilePointer(file, 0, NULL, FILE_CURRENT), 0);
    EXPECT(ReadFile(file, page, 2, &count, NULL) && count == 2 && page[0] == 'M');
    EXPECT_EQUAL(protect_at(page, PAGE, PAGE_READONLY | PAGE_GUARD), SUCCESS);
    EXPECT_ERROR(WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), page, 1, &count, NULL), (DWORD)GUARD_HIT);
    EXPECT_REGION(page, PAGE, MEM_COMMIT, PAGE_READONLY);
    EXPECT(CloseHandle(file));
}

static void test(void)
{
    has_nx = IsProcessorFeaturePresent(PF_NX_ENABLED);
    every_pair();
    refusals();
    views();
    files();
    working_set();
    services();
}
