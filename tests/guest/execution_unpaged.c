// Memory that is in no working set is executed like all other where data execution prevention does not cover the program: AWE
// frames, large pages, physical memory.
// cc: -Wl,--disable-nxcompat -ladvapi32
// expect: exit 0
#include "section.h"
#include "lock_memory.h"
#include "names.h"

#define ANSWER 42
#define LARGE 0x200000

NTSTATUS NTAPI NtOpenSection(HANDLE *section, ULONG access, const void *attributes);

// mov eax, ANSWER; ret
static const char code[] = {(char)0xB8, ANSWER, 0, 0, 0, (char)0xC3};
static DWORD denied;

// Goes on behind the call, with 0.
static LONG CALLBACK skip(EXCEPTION_POINTERS *pointers)
{
    CONTEXT *context = pointers->ContextRecord;
    denied += pointers->ExceptionRecord->ExceptionCode == 0xC0000005 && pointers->ExceptionRecord->ExceptionInformation[0] == 8;
    context->Eip = *(DWORD *)context->Esp;
    context->Esp += 4;
    context->Eax = 0;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static int call(void *address)
{
    return ((int (*)(void))address)();
}

static void put_code(char *page)
{
    for (unsigned index = 0; index < sizeof code; index++)
        page[index] = code[index];
}

static char *physical(ULONG_PTR frame)
{
    HANDLE section;
    PVOID base = NULL;
    SIZE_T size = PAGE;
    LARGE_INTEGER offset = {.QuadPart = (ULONGLONG)frame * PAGE};
    EXPECT_EQUAL(NtOpenSection(&section, SECTION_MAP_READ, named(NULL, L"\\Device\\PhysicalMemory", 0)), SUCCESS);
    EXPECT_EQUAL(NtMapViewOfSection(section, OWN_PROCESS, &base, 0, 0, &offset, &size, VIEW_UNMAP, 0, PAGE_READONLY), SUCCESS);
    CLOSE(section);
    return need(base);
}

void test(void)
{
    ULONG_PTR frame, count = 1;
    EXPECT(AddVectoredExceptionHandler(1, skip) != NULL);
    set_lock_memory(SE_PRIVILEGE_ENABLED);
    EXPECT_EQUAL(NtAllocateUserPhysicalPages(OWN_PROCESS, &count, &frame), SUCCESS);
    char *window = need(VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_PHYSICAL, PAGE_READWRITE));
    EXPECT(MapUserPhysicalPages(window, 1, &frame));
    put_code(window);
    char *view = physical(frame);
    // A small machine may have no run of frames.
    char *large = VirtualAlloc(NULL, LARGE, MEM_RESERVE | MEM_COMMIT | MEM_LARGE_PAGES, PAGE_READWRITE);
    if (large == NULL)
        EXPECT_EQUAL(GetLastError(), ERROR_NO_SYSTEM_RESOURCES);
    else
        put_code(large + LARGE / 2);
    EXPECT_EQUAL(call(window), ANSWER);
    EXPECT_EQUAL(call(view), ANSWER);
    if (large != NULL)
        EXPECT_EQUAL(call(large + LARGE / 2), ANSWER);
    EXPECT_EQUAL(denied, 0);
    EXPECT_REGION(window, PAGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_REGION(view, PAGE, MEM_COMMIT, PAGE_READONLY);

    EXPECT(SetProcessDEPPolicy(1));
    int prevented = IsProcessorFeaturePresent(12) ? 0 : ANSWER;
    EXPECT_EQUAL(call(window), prevented);
    EXPECT_EQUAL(call(view), prevented);
    if (large != NULL)
        EXPECT_EQUAL(call(large + LARGE / 2), prevented);
    EXPECT_EQUAL(denied, prevented == 0 ? (large != NULL ? 3 : 2) : 0);
}
