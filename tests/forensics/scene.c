// A system worth a dump: processes that wait, each with something to find. The first starts the others and says when all is set.
//
//   scene.exe            files, views, handles by name
//   scene.exe modules    DLLs and threads
//   scene.exe paged MB   more memory than there is, with a pattern in each page
//   scene.exe injected   private memory that may be written and executed, with instructions in it
//   scene.exe brief      has ended when the dump is taken, but its parent still has a handle
#include <windows.h>

#define PAGE 4096u

static const char READY[] = "the scene is set\n";

static void *copy(void *to, const void *from, unsigned count) {
    for (unsigned i = 0; i < count; i++) ((char *)to)[i] = ((const char *)from)[i];
    return to;
}

static BOOL same(const char *text, const char *other) {
    return lstrcmpA(text, other) == 0;
}

static void fail(const char *what) {
    DWORD written;
    WriteFile(GetStdHandle(STD_ERROR_HANDLE), what, lstrlenA(what), &written, NULL);
    ExitProcess(1);
}

static void wait_for_ever(void) {
    for (;;) Sleep(INFINITE);
}

// Tells the parent that this process has what it is for.
static void ready(const char *role) {
    HANDLE event = OpenEventA(EVENT_MODIFY_STATE, FALSE, role);
    if (!event || !SetEvent(event)) fail("no event\n");
    wait_for_ever();
}

// What page `index` of the pattern begins with: no two are the same, and none is full of zeros.
static void fill(char *page, unsigned index) {
    for (unsigned word = 0; word < PAGE / 4; word++) ((unsigned *)page)[word] = index * 2654435761u + word * 40503u + 1;
}

static DWORD WINAPI sleeper(void *nothing) {
    (void)nothing;
    wait_for_ever();
    return 0;
}

static void modules(void) {
    static const char *const names[] = {"advapi32.dll", "msvcrt.dll", "psapi.dll", "shlwapi.dll"};
    for (unsigned i = 0; i < 4; i++)
        if (!LoadLibraryA(names[i])) fail("no DLL\n");
    for (unsigned i = 0; i < 3; i++)
        if (!CreateThread(NULL, 0, sleeper, NULL, 0, NULL)) fail("no thread\n");
    SetEnvironmentVariableA("SCENE_ROLE", "modules, with a value of its own");
    ready("scene.modules");
}

// Some pages become read-only, which a tool that looks at bit 7 of an entry does not find in a paging file.
static void paged(unsigned megabytes) {
    unsigned pages = megabytes * 256;
    char *memory = VirtualAlloc(NULL, pages * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (!memory) fail("no memory\n");
    for (unsigned page = 0; page < pages; page++) fill(memory + page * PAGE, page);
    DWORD before;
    if (!VirtualProtect(memory, 64 * PAGE, PAGE_READONLY, &before)) fail("no protection\n");
    ready("scene.paged");
}

static void injected(void) {
    static const unsigned char instructions[] = {0x55, 0x89, 0xE5, 0x31, 0xC0, 0x40, 0x5D, 0xC3};
    char *memory = VirtualAlloc(NULL, 2 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE);
    if (!memory) fail("no memory\n");
    copy(memory, instructions, sizeof instructions);
    if (((int (*)(void))memory)() != 1) fail("it does not run\n");
    // Nothing has been written to this: nothing is found there.
    if (!VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE)) fail("no memory\n");
    ready("scene.injected");
}

static HANDLE start(const char *arguments) {
    char line[128] = "scene.exe ";
    lstrcpyA(line + lstrlenA(line), arguments);
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    if (!CreateProcessA("C:\\scene.exe", line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process)) fail("no process\n");
    return process.hProcess;
}

static void start_and_wait(const char *arguments, const char *event_name) {
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, event_name);
    HANDLE process = start(arguments);
    HANDLE both[] = {event, process};
    if (!event || WaitForMultipleObjects(2, both, FALSE, INFINITE) != WAIT_OBJECT_0) fail("a child failed\n");
}

static void first(const char *megabytes) {
    HANDLE file = CreateFileA("C:\\scene.dat", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS, 0, NULL);
    HANDLE section = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 64 * PAGE, "scene.section");
    char *view = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    char *copied = MapViewOfFile(section, FILE_MAP_COPY, 0, 0, 0);
    if (!view || !copied) fail("no view\n");
    for (unsigned page = 0; page < 16; page++) fill(view + page * PAGE, page);
    for (unsigned page = 0; page < 4; page++) fill(copied + page * PAGE, page + 1000);
    HANDLE memory = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 16 * PAGE, NULL);
    char *shared = MapViewOfFile(memory, FILE_MAP_WRITE, 0, 0, 0);
    if (!shared) fail("no memory to share\n");
    for (unsigned page = 0; page < 8; page++) fill(shared + page * PAGE, page + 2000);
    CreateMutexA(NULL, TRUE, "scene.mutex");
    CreateSemaphoreA(NULL, 1, 2, "scene.semaphore");
    HANDLE itself;
    DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(), &itself, 0, FALSE, DUPLICATE_SAME_ACCESS);
    SetEnvironmentVariableA("SCENE", "set by the first");
    start_and_wait("modules", "scene.modules");
    start_and_wait("injected", "scene.injected");
    char line[64] = "paged ";
    lstrcpyA(line + 6, megabytes);
    start_and_wait(line, "scene.paged");
    HANDLE brief = start("brief");
    WaitForSingleObject(brief, INFINITE);
    DWORD written;
    WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), READY, sizeof READY - 1, &written, NULL);
    wait_for_ever();
}

static unsigned number(const char *text) {
    unsigned value = 0;
    for (; *text >= '0' && *text <= '9'; text++) value = value * 10 + (*text - '0');
    return value;
}

// The words of the command line behind the program.
static unsigned words(char *line, const char *into[], unsigned most) {
    unsigned count = 0;
    BOOL inside = FALSE;
    for (; *line; line++) {
        if (*line == ' ') {
            *line = 0;
            inside = FALSE;
        } else if (!inside) {
            inside = TRUE;
            if (count < most) into[count] = line;
            count++;
        }
    }
    return count;
}

void mainCRTStartup(void) {
    static char line[256];
    const char *argument[3] = {"", "", ""};
    lstrcpynA(line, GetCommandLineA(), sizeof line);
    unsigned count = words(line, argument, 3);
    if (count > 1 && same(argument[1], "modules")) modules();
    if (count > 2 && same(argument[1], "paged")) paged(number(argument[2]));
    if (count > 1 && same(argument[1], "injected")) injected();
    if (count > 1 && same(argument[1], "brief")) ExitProcess(0);
    first(count > 1 ? argument[1] : "8");
}
