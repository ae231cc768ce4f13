// TEB and PEB stand where fs leads, with what a program may read there.
// expect: exit 0
#include "test.h"

static DWORD thread_word(DWORD offset)
{
    DWORD word;
    __asm__ volatile("movl %%fs:(%1), %0" : "=r"(word) : "r"(offset));
    return word;
}

static void test(void)
{
    DWORD thread = thread_word(0x18), process = thread_word(0x30);
    DWORD here = (DWORD)&here;
    EXPECT(thread > 0x7FF00000 && thread < 0x7FFE0000 && thread % PAGE == 0);
    EXPECT(process > 0x7FF00000 && process < 0x7FFE0000 && process % PAGE == 0);
    EXPECT_EQUAL(read_word(thread_word(0)), 0xFFFFFFFF); // one exception handler, the last resort
    EXPECT(here < thread_word(4) && here >= thread_word(8));
    EXPECT_EQUAL(thread_word(0x20), GetCurrentProcessId());
    EXPECT_EQUAL(thread_word(0x24), GetCurrentThreadId());
    SetLastError(0xABCD);
    EXPECT_EQUAL(thread_word(0x34), 0xABCD);
    EXPECT_EQUAL(query((PVOID)(thread_word(4) - 1 - (thread_word(4) - 1) % PAGE)).AllocationBase, thread_word(0xE0C));
    EXPECT_EQUAL(read_word(process + 0x08), GetModuleHandleA(NULL));
    EXPECT_EQUAL(read_byte(process + 2), 0); // no debugger
    EXPECT_EQUAL(read_word(process + 0x18), GetProcessHeap());
    EXPECT_EQUAL(read_word(process + 0x64), 1);
    EXPECT_EQUAL(read_word(process + 0xA4), 5);
    EXPECT_EQUAL(read_word(process + 0xA8), 1);
    EXPECT_EQUAL(read_word(process + 0xAC), 0x03000A28); // build 2600, service pack 3
    EXPECT_EQUAL(read_word(process + 0xB0), 2);
    EXPECT_EQUAL(read_word(process + 0xB4), 3); // console
    EXPECT_EQUAL(GetVersion(), 0x0A280105);
    OSVERSIONINFOA version = {.dwOSVersionInfoSize = sizeof version};
    EXPECT(GetVersionExA(&version) && version.dwBuildNumber == 2600 && lstrcmpA(version.szCSDVersion, "Service Pack 3") == 0);
    SYSTEM_INFO system;
    GetSystemInfo(&system);
    EXPECT(system.dwPageSize == PAGE && system.dwAllocationGranularity == GRANULARITY && system.dwNumberOfProcessors == 1);
}
