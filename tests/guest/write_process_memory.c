// WriteProcessMemory opens code for writing and closes it again, and respects pages that are read-only.
// expect: exit 0
#include "test.h"

static int __attribute__((noinline)) answer(void)
{
    __asm__ volatile("" : : : "memory");
    return 1;
}

static void test(void)
{
    SIZE_T done = 0;
    char code[] = {(char)0xB8, 42, 0, 0, 0, (char)0xC3}; // mov eax, 42; ret
    int (*volatile function)(void) = answer;
    EXPECT_EQUAL(function(), 1);
    EXPECT(WriteProcessMemory(GetCurrentProcess(), (PVOID)function, code, sizeof code, &done));
    EXPECT_EQUAL(done, sizeof code);
    EXPECT_EQUAL(function(), 42);
    EXPECT_EQUAL(query((PVOID)((DWORD)function & ~(PAGE - 1))).Protect, PAGE_EXECUTE_READ);
    char *page = commit(PAGE);
    EXPECT(WriteProcessMemory(GetCurrentProcess(), page, code, sizeof code, NULL));
    EXPECT_EQUAL(query(page).Protect, PAGE_READWRITE);
    EXPECT_EQUAL(protect_at(page, PAGE, PAGE_READONLY), SUCCESS);
    EXPECT_ERROR(WriteProcessMemory(GetCurrentProcess(), page, code, sizeof code, &done), ERROR_NOACCESS);
    EXPECT_EQUAL(query(page).Protect, PAGE_READONLY);
    EXPECT_ERROR(ReadProcessMemory(GetCurrentProcess(), (PVOID)0x80000000, code, 4, &done), ERROR_NOACCESS);
    EXPECT_ERROR(ReadProcessMemory(GetCurrentProcess(), reserve(PAGE), code, 4, &done), ERROR_PARTIAL_COPY);
}
