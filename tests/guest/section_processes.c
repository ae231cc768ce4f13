// Two processes share memory by an inherited handle and by a duplicated one; a copy-on-write view keeps its changes to
// itself, and what one commits the other has.
// expect: exit 0
#include "section.h"

enum { READ_AND_ANSWER = 1, USE_DUPLICATE, COPY, COMMIT_PAGE };

static SECURITY_ATTRIBUTES inheritable = {sizeof inheritable, NULL, TRUE};

// Starts the other process, suspended.
static PROCESS_INFORMATION start(HANDLE section)
{
    char line[40];
    PROCESS_INFORMATION child = {0};
    char *at = line;
    for (const char *name = "sharer "; *name != 0; name++)
        *at++ = *name;
    char digits[11] = {0};
    int first = 10;
    for (DWORD number = (DWORD)section; number != 0; number /= 10)
        digits[--first] = (char)('0' + number % 10);
    lstrcpyA(at, digits + first);
    EXPECT(CreateProcessA(NULL, line, NULL, NULL, TRUE, CREATE_SUSPENDED, NULL, NULL, &startup, &child));
    return child;
}

static void let_run(PROCESS_INFORMATION child)
{
    EXPECT_EQUAL(ResumeThread(child.hThread), 1);
    EXPECT_EQUAL(finish(&child), 0);
}

static HANDLE mapping(DWORD kind, volatile DWORD **words)
{
    HANDLE section = CreateFileMappingA(INVALID_HANDLE_VALUE, &inheritable, PAGE_READWRITE | kind, 0, 4 * PAGE, NULL);
    *words = MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, 0);
    EXPECT(section != NULL && *words != NULL);
    return section;
}

static void inherited(void)
{
    volatile DWORD *words;
    HANDLE section = mapping(0, &words);
    words[0] = READ_AND_ANSWER;
    words[1] = 0xCAFE;
    let_run(start(section));
    EXPECT_EQUAL(words[PAGE / 4], 0xBEEF);
    EXPECT_EQUAL(words[PAGE / 4 + 1], 0);
    EXPECT(UnmapViewOfFile((PVOID)words) && CloseHandle(section));
}

static void duplicated(void)
{
    volatile DWORD *words;
    HANDLE section = mapping(SEC_COMMIT, &words), copy = NULL;
    HANDLE secret = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, PAGE, NULL);
    volatile DWORD *hidden = MapViewOfFile(secret, FILE_MAP_WRITE, 0, 0, 0);
    hidden[0] = 0xD00D;
    hidden[1] = 41;
    PROCESS_INFORMATION child = start(section);
    EXPECT(DuplicateHandle(GetCurrentProcess(), secret, child.hProcess, &copy, FILE_MAP_READ, FALSE, 0));
    words[0] = USE_DUPLICATE;
    words[1] = (DWORD)copy;
    EXPECT(CloseHandle(secret)); // the view and the child's handle keep the memory
    let_run(child);
    EXPECT_EQUAL(words[2], 42);
    EXPECT(UnmapViewOfFile((PVOID)hidden) && UnmapViewOfFile((PVOID)words) && CloseHandle(section));
}

static void copied(void)
{
    volatile DWORD *words;
    HANDLE section = mapping(SEC_COMMIT, &words);
    words[0] = COPY;
    words[PAGE / 4] = 1;
    let_run(start(section));
    EXPECT_EQUAL(words[PAGE / 4], 1);
    EXPECT_EQUAL(words[PAGE / 2], 8);
    EXPECT(CloseHandle(section)); // the view is left for the end of the process
}

static void committed(void)
{
    volatile DWORD *words;
    HANDLE section = mapping(SEC_RESERVE, &words);
    EXPECT(VirtualAlloc((PVOID)words, 1, MEM_COMMIT, PAGE_READWRITE) == words);
    words[0] = COMMIT_PAGE;
    EXPECT_REGION(words + PAGE / 4, 3 * PAGE, MEM_RESERVE, 0);
    let_run(start(section));
    EXPECT_REGION(words + PAGE / 4, PAGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_EQUAL(words[PAGE / 4], 0xF00D);
    EXPECT(UnmapViewOfFile((PVOID)words));
    // The handle is left for the end of the process.
}

static void test(void)
{
    inherited();
    duplicated();
    copied();
    committed();
}
