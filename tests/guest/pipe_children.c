// Children with redirected standard handles: one writes into a pipe what another reads from it, and the parent reads the result.
// expect: exit 0
#include "process.h"

static SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};

static HANDLE start_with(const char *words, HANDLE input, HANDLE output)
{
    char line[64] = "C:\\pipe_children.exe ";
    STARTUPINFOA start = {.cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES, .hStdInput = input, .hStdOutput = output};
    PROCESS_INFORMATION child;
    lstrcatA(line, words);
    EXPECT(CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &child));
    EXPECT(CloseHandle(child.hThread));
    return child.hProcess;
}

// Numbers from 1 on, a line each.
static void produce(void)
{
    for (DWORD number = 1; number <= 500; number++) {
        put_decimal(number);
        put("\n");
    }
}

// The sum of the numbers that come.
static void add_up(void)
{
    char byte;
    DWORD got, number = 0, sum = 0;
    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), &byte, 1, &got, NULL) && got == 1) {
        if (byte == '\n')
            sum += number, number = 0;
        else
            number = number * 10 + (DWORD)(byte - '0');
    }
    put_decimal(sum);
}

static void test(void)
{
    const char *line = GetCommandLineA();
    DWORD length = length_of(line), status = 9, got = 0;
    if (line[length - 1] == '1')
        return produce();
    if (line[length - 1] == '2')
        return add_up();
    HANDLE reader[2], writer[2];
    EXPECT(CreatePipe(&reader[0], &writer[0], &inherited, 0));
    EXPECT(CreatePipe(&reader[1], &writer[1], &inherited, 0));
    // Not the child's business: it would keep the pipe open.
    EXPECT(SetHandleInformation(reader[1], HANDLE_FLAG_INHERIT, 0));
    HANDLE first = start_with("1", NULL, writer[0]);
    EXPECT(CloseHandle(writer[0]));
    HANDLE second = start_with("2", reader[0], writer[1]);
    EXPECT(CloseHandle(reader[0]) && CloseHandle(writer[1]));
    char text[32] = "";
    DWORD total = 0;
    while (ReadFile(reader[1], text + total, sizeof text - 1 - total, &got, NULL) && got > 0)
        total += got;
    EXPECT_EQUAL(GetLastError(), ERROR_BROKEN_PIPE);
    EXPECT_EQUAL(lstrcmpA(text, "125250"), 0);
    HANDLE both[2] = {first, second};
    EXPECT_EQUAL(WaitForMultipleObjects(2, both, TRUE, INFINITE), WAIT_OBJECT_0);
    EXPECT(GetExitCodeProcess(first, &status) && status == 0);
    EXPECT(GetExitCodeProcess(second, &status) && status == 0);
    EXPECT(CloseHandle(first) && CloseHandle(second) && CloseHandle(reader[1]));
}
