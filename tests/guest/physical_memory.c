// \Device\PhysicalMemory: who may open it, what its views show, that RAM is not written, and that frames do not notice.
// expect: exit 0
// cc: -ladvapi32
#include "section.h"
#include "lock_memory.h"
#include "names.h"

NTSTATUS NTAPI NtOpenSection(HANDLE *section, ULONG access, const void *attributes);

#define NAME L"\\Device\\PhysicalMemory"
// Text of the screen, sixteen pages before it, and the place where every processor begins.
#define SCREEN 0xB8000
#define TOP_OF_BIOS 0xFFFF0

static ULONG_PTR frame;
static char *window;

static NTSTATUS open_it(HANDLE *section, ULONG access)
{
    *section = NULL;
    return NtOpenSection(section, access, named(NULL, NAME, CASE_INSENSITIVE));
}

static NTSTATUS map_at(HANDLE section, PVOID *base, ULONGLONG address, SIZE_T bytes, ULONG protect)
{
    LARGE_INTEGER offset = {.QuadPart = address};
    SIZE_T size = bytes;
    NTSTATUS status = NtMapViewOfSection(section, OWN_PROCESS, base, 0, 0, &offset, &size, VIEW_UNMAP, 0, protect);
    if (status == SUCCESS) {
        EXPECT_EQUAL(offset.LowPart, (DWORD)address & ~0xFFF);
        EXPECT_EQUAL(size, ((DWORD)(address & 0xFFF) + bytes + 0xFFF) & ~0xFFF);
    }
    return status;
}

static volatile unsigned char *shown(HANDLE section, ULONGLONG address, SIZE_T bytes, ULONG protect)
{
    PVOID base = NULL;
    EXPECT_EQUAL(map_at(section, &base, address, bytes, protect), SUCCESS);
    return need(base);
}

static NTSTATUS refused(HANDLE section, ULONGLONG address, SIZE_T bytes, ULONG protect)
{
    PVOID base = NULL;
    NTSTATUS status = map_at(section, &base, address, bytes, protect);
    EXPECT_EQUAL(base, NULL);
    return status;
}

static void unmap(volatile void *view)
{
    EXPECT_EQUAL(NtUnmapViewOfSection(OWN_PROCESS, (PVOID)view), SUCCESS);
    EXPECT_EQUAL(query((PVOID)view).State, MEM_FREE);
}

static void rights(void)
{
    HANDLE section, other;
    static const ULONG writing[] = {SECTION_MAP_WRITE, SECTION_MAP_READ | SECTION_MAP_WRITE, SECTION_ALL_ACCESS, GENERIC_WRITE, GENERIC_ALL, SECTION_MAP_EXECUTE, DELETE, WRITE_DAC, MAXIMUM_ALLOWED | SECTION_MAP_WRITE};
    for (DWORD index = 0; index < sizeof writing / sizeof *writing; index++)
        EXPECT_EQUAL(open_it(&section, writing[index]), ACCESS_REFUSED);
    EXPECT_EQUAL(open_it(&section, GENERIC_READ), SUCCESS);
    CLOSE(section);
    EXPECT_EQUAL(open_it(&section, MAXIMUM_ALLOWED), SUCCESS);
    // As much as possible is to read, and a second handle gets no more.
    EXPECT_EQUAL(refused(section, SCREEN, PAGE, PAGE_READWRITE), ACCESS_REFUSED);
    EXPECT_ERROR(DuplicateHandle(OWN_PROCESS, section, OWN_PROCESS, &other, SECTION_MAP_WRITE, FALSE, 0), ERROR_ACCESS_DENIED);
    EXPECT(DuplicateHandle(OWN_PROCESS, section, OWN_PROCESS, &other, SECTION_MAP_READ, FALSE, 0));
    unmap(shown(other, SCREEN, PAGE, PAGE_READONLY));
    CLOSE(other);
    CLOSE(section);
    // Nor does who would make it anew.
    LARGE_INTEGER size = {.QuadPart = PAGE};
    EXPECT_EQUAL(NtCreateSection(&section, SECTION_ALL_ACCESS, (PVOID)named(NULL, NAME, OPEN_IF), &size, PAGE_READWRITE, SEC_COMMIT, NULL), ACCESS_REFUSED);
    EXPECT_EQUAL(NtCreateSection(&section, SECTION_ALL_ACCESS, (PVOID)named(NULL, NAME, 0), &size, PAGE_READWRITE, SEC_COMMIT, NULL), NAME_COLLISION);
    EXPECT_EQUAL(NtCreateSection(&section, SECTION_MAP_READ, (PVOID)named(NULL, NAME, OPEN_IF), &size, PAGE_READWRITE, SEC_COMMIT, NULL), NAME_EXISTS);
    CLOSE(section);
}

// A view of one's own AWE frame shows what is stored through the window, at any page of the view.
static void own_frame(HANDLE section)
{
    volatile unsigned char *view = shown(section, (ULONGLONG)(frame - 1) * PAGE, 3 * PAGE, PAGE_READONLY);
    EXPECT_REGION((char *)view, 3 * PAGE, MEM_COMMIT, PAGE_READONLY);
    EXPECT_EQUAL(query((char *)view).Type, MEM_MAPPED);
    for (unsigned value = 1; value < 4; value++) {
        for (DWORD index = 0; index < PAGE; index++)
            ((volatile char *)window)[index] = value * 17;
        EXPECT_EQUAL(view[PAGE], value * 17);
        EXPECT_EQUAL(view[2 * PAGE - 1], value * 17);
    }
    // It is no page of the working set, and stays as it is.
    DWORD old;
    PVOID base = (PVOID)view;
    SIZE_T size = PAGE;
    EXPECT_EQUAL(NtLockVirtualMemory(OWN_PROCESS, &base, &size, 1), (int)0xC000004D);
    EXPECT_ERROR(VirtualProtect((PVOID)view, PAGE, PAGE_NOACCESS, &old), ERROR_INVALID_ADDRESS);
    EXPECT_ERROR(VirtualAlloc((PVOID)view, PAGE, MEM_COMMIT, PAGE_READONLY), ERROR_INVALID_ADDRESS);
    EXPECT_EQUAL(free_at((PVOID)view, 0, MEM_RELEASE), SECTION_MEMORY);
    // A page of a frame that has gone shows it all the same.
    unmap(view + PAGE);
    // A view begins with any page, and shows less than it.
    view = shown(section, (ULONGLONG)frame * PAGE + 0x123, 2, PAGE_READONLY);
    EXPECT_EQUAL(view[0x123], 51);
    EXPECT(IsBadWritePtr((PVOID)view, 1));
    // The kernel reads it for a program, and writes nothing there.
    DWORD word = 0;
    SIZE_T done = 0;
    EXPECT_EQUAL(NtReadVirtualMemory(OWN_PROCESS, (PVOID)view, &word, 4, &done), SUCCESS);
    EXPECT(word == 0x33333333 && done == 4);
    EXPECT_EQUAL(NtWriteVirtualMemory(OWN_PROCESS, (PVOID)view, &word, 4, &done), (int)0xC0000005);
    unmap(view);
}

static void refusals(HANDLE section)
{
    ULONGLONG own = (ULONGLONG)frame * PAGE;
    EXPECT_EQUAL(refused(section, own, PAGE, PAGE_NOACCESS), BAD_PROTECTION);
    EXPECT_EQUAL(refused(section, own, PAGE, PAGE_READONLY | PAGE_GUARD), BAD_PROTECTION);
    EXPECT_EQUAL(refused(section, own, PAGE, PAGE_WRITECOPY), BAD_PROTECTION);
    EXPECT_EQUAL(refused(section, own, PAGE, PAGE_READWRITE), ACCESS_REFUSED);
    // RAM is cached as its owner has it.
    EXPECT_EQUAL(refused(section, own, PAGE, PAGE_READONLY | PAGE_NOCACHE), CONFLICT);
    EXPECT_EQUAL(refused(section, own, PAGE, PAGE_READONLY | PAGE_WRITECOMBINE), CONFLICT);
    // What no address names, and more than a process has.
    EXPECT_EQUAL(refused(section, 1ull << 36, PAGE, PAGE_READONLY), BAD_VIEW_SIZE);
    EXPECT_EQUAL(refused(section, (1ull << 36) - PAGE, 2 * PAGE, PAGE_READONLY), BAD_VIEW_SIZE);
    EXPECT_EQUAL(refused(section, 0, 0, PAGE_READONLY), BAD_VIEW_SIZE);
    EXPECT_EQUAL(refused(section, 0, 0x7FFE0000, PAGE_READONLY), PARAMETER_3);
    PVOID taken = window;
    EXPECT_EQUAL(map_at(section, &taken, own, PAGE, PAGE_READONLY), CONFLICT);
}

// Memory of devices may be written, under the privilege, and is cached as the view asks.
static void device_memory(HANDLE reading)
{
    volatile unsigned char *bios = shown(reading, TOP_OF_BIOS, 16, PAGE_READONLY);
    EXPECT_EQUAL(bios[TOP_OF_BIOS & 0xFFF], 0xEA);
    unmap(bios);
    HANDLE section;
    set_privilege("SeTakeOwnershipPrivilege", SE_PRIVILEGE_ENABLED);
    EXPECT_EQUAL(open_it(&section, SECTION_ALL_ACCESS), SUCCESS);
    EXPECT_EQUAL(refused(section, (ULONGLONG)frame * PAGE, PAGE, PAGE_READWRITE), ACCESS_REFUSED);
    EXPECT_EQUAL(refused(section, SCREEN, 0x100000, PAGE_EXECUTE_READWRITE), ACCESS_REFUSED);
    static const ULONG kinds[] = {0, PAGE_NOCACHE, PAGE_WRITECOMBINE};
    volatile unsigned char *before = shown(section, SCREEN, 8 * PAGE, PAGE_READONLY);
    for (DWORD index = 0; index < sizeof kinds / sizeof *kinds; index++) {
        volatile unsigned char *screen = shown(section, SCREEN, 8 * PAGE, PAGE_READWRITE | kinds[index]);
        EXPECT_REGION((char *)screen, 8 * PAGE, MEM_COMMIT, PAGE_READWRITE | kinds[index]);
        // The last cells of the adapter's memory, which nobody looks at.
        unsigned char old = screen[0x7FFE];
        screen[0x7FFE] = 0x55 + index;
        EXPECT_EQUAL(screen[0x7FFE], 0x55 + index);
        EXPECT_EQUAL(before[0x7FFE], 0x55 + index);
        screen[0x7FFE] = old;
        unmap(screen);
    }
    unmap(before);
    CLOSE(section);
    set_privilege("SeTakeOwnershipPrivilege", 0);
    EXPECT_EQUAL(open_it(&section, SECTION_ALL_ACCESS), ACCESS_REFUSED);
}

void test(void)
{
    HANDLE section;
    ULONG_PTR count = 1;
    rights();
    set_lock_memory(SE_PRIVILEGE_ENABLED);
    EXPECT_EQUAL(NtAllocateUserPhysicalPages(OWN_PROCESS, &count, &frame), SUCCESS);
    window = need(VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_PHYSICAL, PAGE_READWRITE));
    EXPECT(MapUserPhysicalPages(window, 1, &frame));
    EXPECT_EQUAL(open_it(&section, SECTION_MAP_READ | SECTION_QUERY), SUCCESS);
    own_frame(section);
    refusals(section);
    device_memory(section);
    // All of the first gigabyte; what is touched of it gets a page table, and goes with the process.
    volatile unsigned char *whole = shown(section, 0, 0x40000000, PAGE_READONLY);
    EXPECT_EQUAL(whole[TOP_OF_BIOS], 0xEA);
    if (frame < 0x40000)
        EXPECT_EQUAL(whole[frame * PAGE], 0x33);
}
