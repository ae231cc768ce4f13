// A page in every form of PTE. What is to leave memory comes first, then more than there is RAM, then what stays.
// cc: -ladvapi32
#include "image.h"

#define LARGE (2u << 20)
#define HEAVY (40u << 20)

static char *commit(DWORD size, DWORD kind) {
    char *memory = VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT | kind, PAGE_READWRITE);
    if (!memory) fail("no memory\n");
    return memory;
}

static void protect(char *page, DWORD protection) {
    DWORD before;
    if (!VirtualProtect(page, PAGE, protection, &before)) fail("no protection\n");
}

static void tell(const char *name, const char *page) {
    finding(name, GetCurrentProcessId(), page, PAGE);
}

// Large pages and those that a program has by number are for who may keep memory from being paged.
static void enable_lock_memory(void) {
    TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1};
    wanted.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
    HANDLE token;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token)) fail("no token\n");
    if (!LookupPrivilegeValueA(NULL, "SeLockMemoryPrivilege", &wanted.Privileges[0].Luid)) fail("no privilege\n");
    if (!AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL) || GetLastError()) fail("no privilege\n");
}

static char *by_number(void) {
    ULONG_PTR count = 1, frame;
    char *window = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_PHYSICAL, PAGE_READWRITE);
    if (!AllocateUserPhysicalPages(GetCurrentProcess(), &count, &frame) || count != 1) fail("no frame\n");
    if (!window || !MapUserPhysicalPages(window, 1, &frame)) fail("no window\n");
    return window;
}

static void empty_working_set(void) {
    if (!SetProcessWorkingSetSize(GetCurrentProcess(), (SIZE_T)-1, (SIZE_T)-1)) fail("it stays\n");
}

static char *view(HANDLE section, DWORD access) {
    char *view = MapViewOfFile(section, access, 0, 0, 0);
    if (!view) fail("no view\n");
    return view;
}

// Pages of sections, which a prototype PTE tells of: each is told of by the form of that.
typedef struct {
    char *memory, *again, *file, *copied;
} Views;

static Views map(void) {
    HANDLE memory = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 128 * PAGE, NULL);
    HANDLE file = CreateFileA("C:\\victim.exe", GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    HANDLE section = CreateFileMappingA(file, NULL, PAGE_WRITECOPY, 0, 0, NULL);
    Views views = {view(memory, FILE_MAP_WRITE), view(memory, FILE_MAP_WRITE), view(section, FILE_MAP_READ), view(section, FILE_MAP_COPY)};
    return views;
}

void mainCRTStartup(void) {
    enable_lock_memory();
    char *large = commit(LARGE, MEM_LARGE_PAGES);
    char *numbered = by_number();
    fill(large, 1);
    fill(numbered, 2);
    Views views = map();
    fill(views.memory, 3);
    empty_working_set();
    char *heavy = commit(HEAVY, 0);
    for (unsigned page = 0; page < HEAVY / PAGE; page++) fill(heavy + page * PAGE, page);
    VirtualFree(heavy + 128 * PAGE, HEAVY - 128 * PAGE, MEM_DECOMMIT);
    // From here on there is room enough.
    char *memory = commit(16 * PAGE, 0);
    char *modified = memory, *valid = memory + PAGE, *guard = memory + 2 * PAGE, *no_access = memory + 3 * PAGE;
    char *decommitted = memory + 4 * PAGE, *empty = memory + 5 * PAGE, *demand_zero = memory + 6 * PAGE;
    fill(modified, 4);
    fill(guard, 5);
    fill(no_access, 6);
    fill(decommitted, 7);
    fill(views.memory + 64 * PAGE, 8);
    fill(views.memory + 96 * PAGE, 9);
    char *standby = heavy + 64 * PAGE;
    if (*(volatile unsigned *)standby != 64 * 2654435761u + 1) fail("another page\n");
    char *image = (char *)GetModuleHandleA(NULL);
    if (*(volatile WORD *)image != IMAGE_DOS_SIGNATURE) fail("no image\n");
    empty_working_set();
    fill(valid, 10);
    protect(guard, PAGE_READWRITE | PAGE_GUARD);
    protect(no_access, PAGE_NOACCESS);
    protect(demand_zero, PAGE_READONLY);
    if (!VirtualFree(decommitted, PAGE, MEM_DECOMMIT)) fail("not decommitted\n");
    if (*(volatile unsigned *)(views.again + 64 * PAGE) != 8 * 2654435761u + 1) fail("another page\n");
    protect(views.copied, PAGE_READONLY);
    tell("valid", valid);
    tell("transition-standby", standby);
    tell("transition-modified", modified);
    tell("paging-file", heavy);
    tell("empty", empty);
    tell("demand-zero", demand_zero);
    tell("decommitted", decommitted);
    tell("guard", guard);
    tell("no-access", no_access);
    tell("large", large);
    tell("awe", numbered);
    tell("shared-valid", views.again + 64 * PAGE);
    tell("prototype-valid", views.memory + 64 * PAGE);
    tell("prototype-transition", views.memory + 96 * PAGE);
    tell("prototype-paging-file", views.memory);
    tell("prototype-demand-zero", views.memory + 32 * PAGE);
    tell("prototype-in-file", views.file);
    tell("prototype-in-vad", views.copied);
    tell("prototype-address", image);
    all_set();
}
