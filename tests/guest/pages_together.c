// Four processes of one image go through its pages in step. On a disk each page is read for the first of them, and the others
// wait for that read: all see the same bytes, and no frame is lost. (The runner looks in the kernel's log whether they waited.)
// expect: exit 0
#include "process.h"

#define PAGES 96
#define COPIES 4

// In each page another byte, at the start of the page.
#define FIRST(n) [(n) * 4096] = (n) + 1
#define EIGHT(n) FIRST(n), FIRST(n + 1), FIRST(n + 2), FIRST(n + 3), FIRST(n + 4), FIRST(n + 5), FIRST(n + 6), FIRST(n + 7)
static const unsigned char data[PAGES * 4096] __attribute__((aligned(4096))) = {
    EIGHT(0), EIGHT(8), EIGHT(16), EIGHT(24), EIGHT(32), EIGHT(40), EIGHT(48), EIGHT(56), EIGHT(64), EIGHT(72), EIGHT(80), EIGHT(88),
};

static DWORD walk(void)
{
    const volatile unsigned char *bytes = data;
    DWORD sum = 0;
    for (DWORD page = 0; page < PAGES; page++)
        sum = sum * 3 + bytes[page * 4096] + bytes[page * 4096 + 4095];
    return sum;
}

static DWORD expected(void)
{
    DWORD sum = 0;
    for (DWORD page = 0; page < PAGES; page++)
        sum = sum * 3 + page + 1;
    return sum;
}

static void test(void)
{
    PROCESS_INFORMATION children[COPIES];
    if (number_in(GetCommandLineA()) == 1)
        ExitProcess(walk());
    for (DWORD copy = 0; copy < COPIES; copy++) {
        char line[] = "pages_together 1";
        EXPECT(CreateProcessA(NULL, line, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &startup, &children[copy]));
    }
    for (DWORD copy = 0; copy < COPIES; copy++)
        EXPECT_EQUAL(ResumeThread(children[copy].hThread), 1);
    for (DWORD copy = 0; copy < COPIES; copy++)
        EXPECT_EQUAL(finish(&children[copy]), expected());
    EXPECT_EQUAL(walk(), expected());
}
