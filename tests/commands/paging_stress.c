// More memory than there is: processes that fill memory with patterns and read it back in random order while they change it.
//
//   paging_stress.exe memory PROCESSES MEGABYTES SECONDS     private memory
//   paging_stress.exe views PROCESSES MEGABYTES SECONDS      a view of a file of its own each
//
// Every byte is checked each time its page is visited, and all once more at the end. Prints "right: N pages read" and ends with 0, or tells the
// first wrong byte and ends with 1.
// cc-library: msvcrt
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#define PAGE 4096u
#define WORDS (PAGE / 4)

static unsigned long long state;

static unsigned next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 16);
}

// What word `index` of page `page` says in its version `version`.
static unsigned pattern(unsigned page, unsigned version, unsigned index)
{
    return (page * 2654435761u ^ version * 40503u) + index * 2246822519u;
}

static void fill(unsigned *memory, unsigned page, unsigned version)
{
    for (unsigned index = 0; index < WORDS; index++)
        memory[page * WORDS + index] = pattern(page, version, index);
}

static int check(const unsigned *memory, unsigned page, unsigned version)
{
    for (unsigned index = 0; index < WORDS; index++) {
        unsigned found = memory[page * WORDS + index], expected = pattern(page, version, index);
        if (found != expected) {
            printf("page %u version %u word %u: %08x, not %08x\n", page, version, index, found, expected);
            return 0;
        }
    }
    return 1;
}

static unsigned *map_file(unsigned number, unsigned bytes)
{
    char name[32];
    sprintf(name, "C:\\stress%u.dat", number);
    HANDLE file = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        printf("process %u has no file: error %lu\n", number, GetLastError());
        return NULL;
    }
    HANDLE section = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, bytes, NULL);
    if (section == NULL) {
        printf("process %u has no section: error %lu\n", number, GetLastError());
        return NULL;
    }
    return MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
}

static int child(const char *kind, unsigned number, unsigned pages, unsigned seconds)
{
    state = 88172645463325252ull + number * 7919ull;
    unsigned char *versions = calloc(pages, 1);
    unsigned *memory = strcmp(kind, "views") == 0
        ? map_file(number, pages * PAGE)
        : VirtualAlloc(NULL, pages * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (memory == NULL || versions == NULL) {
        printf("process %u has no memory: error %lu\n", number, GetLastError());
        return 1;
    }
    for (unsigned page = 0; page < pages; page++)
        fill(memory, page, 0);
    DWORD start = GetTickCount();
    unsigned visits = 0;
    while (GetTickCount() - start < seconds * 1000) {
        unsigned page = next_random() % pages;
        if (!check(memory, page, versions[page]))
            return 1;
        if (next_random() % 2)
            fill(memory, page, ++versions[page]);
        visits++;
    }
    for (unsigned page = 0; page < pages; page++)
        if (!check(memory, page, versions[page]))
            return 1;
    printf("right: %u pages read\n", visits + pages);
    return 0;
}

int main(int count, char **arguments)
{
    if (count == 6 && arguments[1][0] == '-')
        return child(arguments[1] + 1, atoi(arguments[2]), atoi(arguments[3]), atoi(arguments[4]));
    if (count != 5)
        return 2;
    unsigned processes = atoi(arguments[2]);
    HANDLE handles[64];
    for (unsigned number = 0; number < processes; number++) {
        char line[200];
        STARTUPINFOA startup = { .cb = sizeof startup };
        PROCESS_INFORMATION made;
        sprintf(line, "\"%s\" -%s %u %u %s x", arguments[0], arguments[1], number, atoi(arguments[3]) * 256, arguments[4]);
        if (!CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &made)) {
            printf("process %u: error %lu\n", number, GetLastError());
            return 1;
        }
        handles[number] = made.hProcess;
    }
    int wrong = 0;
    for (unsigned number = 0; number < processes; number++) {
        DWORD status = 1;
        WaitForSingleObject(handles[number], INFINITE);
        GetExitCodeProcess(handles[number], &status);
        wrong += status != 0;
    }
    printf("%u processes, %d wrong\n", processes, wrong);
    return wrong != 0;
}
