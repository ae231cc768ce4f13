// A section of a DLL with IMAGE_SCN_MEM_SHARED is one for all processes: what one stores, the others read, also where the DLL
// lies elsewhere. What is not shared is copied.
// expect: exit 0
// cc: -llibrary_shared
#include "process.h"

__declspec(dllimport) extern int shared_number, own_number, shared_pages[];

static void test(void)
{
    HMODULE base = GetModuleHandleA("library_shared.exe");
    EXPECT_EQUAL(query(&shared_number).Protect, PAGE_READWRITE);
    EXPECT_EQUAL(query(&own_number).Protect, PAGE_WRITECOPY);
    BOOL second = lstrlenA(GetCommandLineA()) > 0 && GetCommandLineA()[lstrlenA(GetCommandLineA()) - 1] == '2';
    if (second) {
        EXPECT_EQUAL(shared_number, 41);
        EXPECT_EQUAL(own_number, 1);
        EXPECT_EQUAL(shared_pages[2500], 7);
        shared_number++;
        own_number = 9;
        shared_pages[3 * 1024 - 1] = 8;
        return;
    }
    EXPECT_EQUAL(shared_number, 1);
    EXPECT_EQUAL(shared_pages[0], 2);
    shared_number = 41;
    own_number = 5;
    shared_pages[2500] = 7;
    // The page stays shared after a store.
    EXPECT_EQUAL(query(&shared_number).Protect, PAGE_READWRITE);
    EXPECT_EQUAL(query(&own_number).Protect, PAGE_READWRITE);
    PROCESS_INFORMATION child;
    STARTUPINFOA start = {.cb = sizeof start};
    char line[] = "C:\\shared_section.exe 2";
    DWORD status = 1;
    EXPECT(CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &start, &child));
    EXPECT_EQUAL(WaitForSingleObject(child.hProcess, INFINITE), WAIT_OBJECT_0);
    EXPECT(GetExitCodeProcess(child.hProcess, &status));
    EXPECT_EQUAL(status, 0);
    EXPECT(CloseHandle(child.hProcess) && CloseHandle(child.hThread));
    EXPECT_EQUAL(shared_number, 42);
    EXPECT_EQUAL(own_number, 5);
    EXPECT_EQUAL(shared_pages[3 * 1024 - 1], 8);
    // Made read-only by one, it is so for that one only, and writable again not as a copy.
    DWORD old;
    EXPECT(VirtualProtect(&shared_number, 4, PAGE_READONLY, &old) && old == PAGE_READWRITE);
    EXPECT(VirtualProtect(&shared_number, 4, PAGE_READWRITE, &old) && old == PAGE_READONLY);
    shared_number = 43;
    EXPECT_EQUAL(query(&shared_number).Protect, PAGE_READWRITE);
    EXPECT(base != NULL);
}
