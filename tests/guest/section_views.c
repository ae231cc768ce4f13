// Views of shared memory: where they lie, what they show, what VirtualQuery and VirtualProtect make of them, copy on write.
// expect: exit 0
#include "section.h"

static void parts(void)
{
    HANDLE section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 0x30001, NULL);
    char *all = MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, 0);
    EXPECT_REGION(all, 0x31000, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_EQUAL(query(all).Type, MEM_MAPPED);
    EXPECT(all_bytes(all, 0x31000, 0));
    char *part = MapViewOfFile(section, FILE_MAP_READ, 0, 0x10000, 0x1001);
    EXPECT_REGION(part, 0x2000, MEM_COMMIT, PAGE_READONLY);
    EXPECT_EQUAL((DWORD)part % GRANULARITY, 0);
    char *last = MapViewOfFile(section, FILE_MAP_READ, 0, 0x30000, 0);
    EXPECT_REGION(last, PAGE, MEM_COMMIT, PAGE_READONLY);
    all[0x10000] = 1, all[0x11FFF] = 2, all[0x30FFF] = 3;
    EXPECT(part[0] == 1 && part[0x1FFF] == 2 && last[0xFFF] == 3);
    char *free = free_range(0x40000);
    EXPECT(MapViewOfFileEx(section, FILE_MAP_READ, 0, 0, 0, free) == free);
    EXPECT(free[0x10000] == 1);
    EXPECT_ERROR(MapViewOfFileEx(section, FILE_MAP_READ, 0, 0, 0, free), ERROR_INVALID_ADDRESS);
    EXPECT_ERROR(MapViewOfFileEx(section, FILE_MAP_READ, 0, 0, 0, free + PAGE), ERROR_MAPPED_ALIGNMENT);
    EXPECT_ERROR(MapViewOfFile(section, FILE_MAP_READ, 0, 0x1000, 0), ERROR_MAPPED_ALIGNMENT);
    EXPECT_ERROR(MapViewOfFile(section, FILE_MAP_READ, 0, 0x40000, 0), ERROR_ACCESS_DENIED);
    EXPECT_ERROR(MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0x32000), ERROR_ACCESS_DENIED);
    EXPECT_ERROR(MapViewOfFile((HANDLE)0x7777, FILE_MAP_READ, 0, 0, 0), ERROR_INVALID_HANDLE);
    EXPECT(FlushViewOfFile(all, 0) && FlushViewOfFile(all + 5, 100));
    EXPECT_ERROR(FlushViewOfFile(free_range(PAGE), PAGE), ERROR_INVALID_ADDRESS);
    EXPECT(CloseHandle(section));
    EXPECT(free[0x10000] == 1); // views keep the memory
    EXPECT(UnmapViewOfFile(all) && UnmapViewOfFile(part + PAGE) && UnmapViewOfFile(last));
    EXPECT(free[0x30FFF] == 3);
    EXPECT(UnmapViewOfFile(free));
    EXPECT_ERROR(UnmapViewOfFile(free), ERROR_INVALID_ADDRESS);
    EXPECT_EQUAL(query(free).State, MEM_FREE);
}

static void copies(void)
{
    HANDLE section = section_of(4 * PAGE, PAGE_READWRITE, SEC_COMMIT);
    volatile char *shared = view_of(section, PAGE_READWRITE), *copy = view_of(section, PAGE_WRITECOPY);
    shared[0] = 1;
    EXPECT_EQUAL(copy[0], 1);
    EXPECT_REGION(copy, 4 * PAGE, MEM_COMMIT, PAGE_WRITECOPY);
    copy[0] = 2;
    copy[3 * PAGE] = 3; // never touched before
    EXPECT_REGION(copy, PAGE, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_REGION(copy + PAGE, 2 * PAGE, MEM_COMMIT, PAGE_WRITECOPY);
    EXPECT_EQUAL(query((PVOID)copy).AllocationProtect, PAGE_WRITECOPY);
    shared[0] = 4, shared[3 * PAGE] = 5, shared[PAGE] = 6;
    EXPECT(copy[0] == 2 && copy[3 * PAGE] == 3 && copy[PAGE] == 6);
    EXPECT_EQUAL(protect_at((PVOID)(copy + PAGE), PAGE, PAGE_READWRITE), MORE_THAN_SECTION);
    EXPECT_EQUAL(NtUnmapViewOfSection(OWN_PROCESS, (PVOID)copy), SUCCESS);
    EXPECT(shared[0] == 4);
    // Reading through a system service and writing by one copies too.
    copy = view_of(section, PAGE_WRITECOPY);
    SIZE_T done = 0;
    char byte = 9;
    EXPECT(WriteProcessMemory(GetCurrentProcess(), (PVOID)copy, &byte, 1, &done) && done == 1);
    EXPECT(copy[0] == 9 && shared[0] == 4);
    EXPECT(CloseHandle(section));
}

static void protections(void)
{
    HANDLE section = section_of(2 * PAGE, PAGE_READWRITE, SEC_COMMIT);
    volatile char *view = view_of(section, PAGE_READWRITE), *other = view_of(section, PAGE_READONLY);
    DWORD old = 0;
    view[0] = 1;
    EXPECT(VirtualProtect((PVOID)view, 1, PAGE_READONLY, &old) && old == PAGE_READWRITE);
    EXPECT_REGION(view, PAGE, MEM_COMMIT, PAGE_READONLY);
    EXPECT(VirtualProtect((PVOID)view, 1, PAGE_WRITECOPY, &old) && old == PAGE_READONLY);
    view[0] = 2;
    EXPECT(view[0] == 2 && other[0] == 1);
    EXPECT(VirtualProtect((PVOID)view, 1, PAGE_READWRITE, &old) && old == PAGE_READWRITE);
    view[0] = 3;
    EXPECT_EQUAL(other[0], 1); // it stays the process's own
    EXPECT_ERROR(VirtualProtect((PVOID)view, 1, PAGE_EXECUTE_READ, &old), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(VirtualProtect((PVOID)other, 1, PAGE_READWRITE, &old), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(VirtualFree((PVOID)view, 0, MEM_RELEASE), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(protect_at((PVOID)(view + PAGE), PAGE, PAGE_NOACCESS), SUCCESS);
    EXPECT_EQUAL(protect_at((PVOID)(view + PAGE), PAGE, PAGE_READWRITE), SUCCESS);
    view[PAGE] = 4;
    EXPECT_EQUAL(other[PAGE], 4);
    volatile char *none = view_of(section, PAGE_NOACCESS);
    EXPECT_EQUAL(protect_at((PVOID)none, PAGE, PAGE_READONLY), MORE_THAN_SECTION);
    EXPECT(CloseHandle(section));
}

static void test(void)
{
    parts();
    copies();
    protections();
}
