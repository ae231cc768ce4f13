// NtReadVirtualMemory and NtWriteVirtualMemory: whole, in part, and refused.
// expect: exit 0
#include "test.h"

static void test(void)
{
    static char source[8] = "abcdefg";
    char *pages = commit(2 * PAGE);
    SIZE_T done = 77;
    EXPECT_EQUAL(NtWriteVirtualMemory(OWN_PROCESS, pages + PAGE - 3, source, 8, &done), SUCCESS);
    EXPECT_EQUAL(done, 8);
    EXPECT(pages[PAGE - 3] == 'a' && pages[PAGE + 4] == 0 && pages[PAGE + 3] == 'g');
    char copy[8] = {0};
    EXPECT_EQUAL(NtReadVirtualMemory(OWN_PROCESS, pages + PAGE - 3, copy, 8, NULL), SUCCESS);
    EXPECT_EQUAL(lstrcmpA(copy, "abcdefg"), 0);
    // The second page is gone: what comes before it is copied, and how much is said.
    EXPECT(VirtualFree(pages + PAGE, PAGE, MEM_DECOMMIT));
    fill(copy, 8, 1);
    EXPECT_EQUAL(NtReadVirtualMemory(OWN_PROCESS, pages + PAGE - 3, copy, 8, &done), PARTIAL_COPY);
    EXPECT_EQUAL(done, 3);
    EXPECT(copy[2] == 'c' && copy[3] == 1);
    // What is written to is looked at first, all of it: nothing is written.
    pages[PAGE - 3] = 'x';
    EXPECT_EQUAL(NtWriteVirtualMemory(OWN_PROCESS, pages + PAGE - 3, source, 8, &done), VIOLATION);
    EXPECT_EQUAL(done, 0);
    EXPECT_EQUAL(pages[PAGE - 3], 'x');
    pages[PAGE - 3] = 'a';
    EXPECT_EQUAL(NtReadVirtualMemory(OWN_PROCESS, source, pages + PAGE - 3, 8, &done), VIOLATION);
    EXPECT_EQUAL(done, 0);
    // Read-only pages can be read and not written.
    EXPECT_EQUAL(protect_at(pages, PAGE, PAGE_READONLY), SUCCESS);
    EXPECT_EQUAL(NtReadVirtualMemory(OWN_PROCESS, pages, copy, 4, &done), SUCCESS);
    done = 77;
    EXPECT_EQUAL(NtWriteVirtualMemory(OWN_PROCESS, pages, source, 4, &done), VIOLATION);
    EXPECT_EQUAL(done, 0);
    // Kernel space is refused before anything else, nothing at all before the handle.
    EXPECT_EQUAL(NtReadVirtualMemory(OWN_PROCESS, (PVOID)0x80100000, copy, 4, &done), VIOLATION);
    EXPECT_EQUAL(NtWriteVirtualMemory(OWN_PROCESS, pages, (PVOID)0x80100000, 4, &done), VIOLATION);
    EXPECT_EQUAL(NtReadVirtualMemory(OWN_PROCESS, (PVOID)0xFFFFFFF0, copy, 0x20, &done), VIOLATION);
    EXPECT_EQUAL(NtReadVirtualMemory(OWN_PROCESS, pages, (PVOID)0xFFFFFFF0, 0x20, &done), VIOLATION);
    EXPECT_EQUAL(NtReadVirtualMemory((HANDLE)0x7777, pages, copy, 4, &done), BAD_HANDLE);
    done = 77;
    EXPECT_EQUAL(NtReadVirtualMemory((HANDLE)0x7777, pages, copy, 0, &done), SUCCESS);
    EXPECT_EQUAL(done, 0);
}
