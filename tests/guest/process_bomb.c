// Each process starts one more until one is refused; the refusal is a status, and when all have ended everything is back.
// expect: exit 0
// emulator: translator
#include "process.h"

// The deepest process that could be started below one of this depth.
static DWORD descend(DWORD depth)
{
    char line[] = "process_bomb 0000";
    PROCESS_INFORMATION child;
    int at = 16;
    for (DWORD value = depth + 1; value != 0; value /= 10)
        line[at--] = (char)('0' + value % 10);
    if (!CreateProcessA("C:\\process_bomb.exe", line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child))
        return depth;
    DWORD deepest = 0;
    WaitForSingleObject(child.hProcess, INFINITE);
    GetExitCodeProcess(child.hProcess, &deepest);
    // One that could not even be loaded is no deeper than this one.
    return deepest > 100000 ? depth : deepest;
}

static void test(void)
{
    DWORD depth = number_in(GetCommandLineA());
    if (depth != 0)
        ExitProcess(descend(depth));
    for (int round = 0; round < 2; round++)
        EXPECT(descend(0) >= 10);
    EXPECT_EQUAL(run("child exit 5"), 5);
}
