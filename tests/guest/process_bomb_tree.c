// Each process starts two more as long as it can: 4,095 processes where there is room for all of them. Refusals are statuses, and when all have ended
// everything is back.
// expect: exit 0
// emulator: translator
// args: 11
#include "process.h"

static BOOL start(DWORD depth, PROCESS_INFORMATION *child)
{
    char line[] = "process_bomb_tree 00";
    line[18] = (char)('0' + depth / 10);
    line[19] = (char)('0' + depth % 10);
    return CreateProcessA("C:\\process_bomb_tree.exe", line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, child);
}

static void test(void)
{
    DWORD depth = number_in(GetCommandLineA());
    if (depth == 0)
        return;
    PROCESS_INFORMATION children[2];
    BOOL started[2];
    for (int index = 0; index < 2; index++)
        started[index] = start(depth - 1, &children[index]);
    for (int index = 0; index < 2; index++)
        if (started[index]) {
            EXPECT_EQUAL(WaitForSingleObject(children[index].hProcess, INFINITE), WAIT_OBJECT_0);
            CloseHandle(children[index].hThread);
            CloseHandle(children[index].hProcess);
        }
    if (depth == 11) {
        EXPECT(started[0]);
        EXPECT_EQUAL(run("child exit 5"), 5);
    }
}
