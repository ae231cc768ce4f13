// CreateProcess finds the program that a command line means, tells it what it should know, and its end is told.
// expect: exit 0
// stdout: said by a child
#include "process.h"

static void expect(const char *value)
{
    SetEnvironmentVariableA("EXPECTED", value);
}

static void command_lines(void)
{
    EXPECT_EQUAL(run("C:\\child.exe exit 5"), 5);
    EXPECT_EQUAL(run("child exit 6"), 6);
    EXPECT_EQUAL(run("CHILD.EXE exit 7"), 7);
    EXPECT_EQUAL(run("\"C:\\child.exe\" exit 4294967295"), 0xFFFFFFFF);
    EXPECT_EQUAL(run("\"child\"exit 8"), 8);
    EXPECT_EQUAL(run("\\child exit 9"), 9);
    EXPECT_EQUAL(run(".\\child exit 10"), 10);
    expect("child   line \"two  words\" three");
    EXPECT_EQUAL(run("child   line \"two  words\" three"), 77);
    expect("other line");
    EXPECT_EQUAL(run_with("C:\\child.exe", "other line", FALSE, 0, NULL, NULL), 77);
    EXPECT_EQUAL(run_with("child.exe", "other exit 11", FALSE, 0, NULL, NULL), 11);
    EXPECT_EQUAL(run_with("C:\\child.exe", NULL, FALSE, 0, NULL, NULL), 99);
    expect("C:\\child.exe");
    EXPECT_EQUAL(run("child image"), 77);
    EXPECT_EQUAL(run("no_imports"), 21);
}

static void refusals(void)
{
    static const struct { const char *line; DWORD error; } rows[] = {
        {"nosuch", ERROR_FILE_NOT_FOUND},
        {"C:\\nosuch.exe", ERROR_FILE_NOT_FOUND},
        {"C:\\nosuch\\child.exe", ERROR_PATH_NOT_FOUND},
        {"\"child exit 1\"", ERROR_FILE_NOT_FOUND},
        {"no_image.exe", ERROR_BAD_EXE_FORMAT},
        {"library.exe", ERROR_BAD_EXE_FORMAT},
        {"C:\\WINDOWS\\system32\\kernel32.dll", ERROR_BAD_EXE_FORMAT},
        {"", ERROR_FILE_NOT_FOUND},
    };
    for (DWORD row = 0; row < sizeof rows / sizeof *rows; row++)
        EXPECT_ERROR(run(rows[row].line) != (DWORD)-1, rows[row].error);
    EXPECT_ERROR(run_with("child", NULL, FALSE, 0, NULL, NULL) != (DWORD)-1, ERROR_FILE_NOT_FOUND); // nothing is added
    EXPECT_ERROR(run_with("C:\\WINDOWS", NULL, FALSE, 0, NULL, NULL) != (DWORD)-1, ERROR_ACCESS_DENIED);
    EXPECT_ERROR(run_with(NULL, NULL, FALSE, 0, NULL, NULL) != (DWORD)-1, ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(run_with(NULL, "child", FALSE, DETACHED_PROCESS | CREATE_NEW_CONSOLE, NULL, NULL) != (DWORD)-1, ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(run_with(NULL, "child", FALSE, 0, NULL, "C:\\nosuch") != (DWORD)-1, ERROR_DIRECTORY);
    EXPECT_ERROR(run_with(NULL, "child", FALSE, 0, NULL, "C:\\child.exe") != (DWORD)-1, ERROR_DIRECTORY);
}

static void surroundings(void)
{
    expect("C:\\windows"); // as it was spelled
    EXPECT_EQUAL(run_with(NULL, "child directory", FALSE, 0, NULL, "C:\\windows\\system32\\.."), 77);
    expect("C:\\WINDOWS\\system32");
    EXPECT_EQUAL(run_with(NULL, "child directory", FALSE, 0, NULL, "C:\\WINDOWS\\system32\\"), 77);
    expect("C:\\");
    EXPECT_EQUAL(run("child directory"), 77);
    SetEnvironmentVariableA("SOMETHING", "one");
    expect("one");
    EXPECT_EQUAL(run("child variable"), 77);
    EXPECT_EQUAL(run_with(NULL, "child variable", FALSE, 0, "EXPECTED=two\0SOMETHING=two\0", NULL), 77);
    EXPECT_EQUAL(run_with(NULL, "child variable", FALSE, CREATE_UNICODE_ENVIRONMENT, L"EXPECTED=three\0SOMETHING=three\0", NULL), 77);
    EXPECT_EQUAL(run_with(NULL, "child variable", FALSE, 0, "\0", NULL), 77); // neither is set
    EXPECT_EQUAL(run("child say said by a child"), 77);
}

static void priorities(void)
{
    static const DWORD classes[] = {IDLE_PRIORITY_CLASS, BELOW_NORMAL_PRIORITY_CLASS, NORMAL_PRIORITY_CLASS, ABOVE_NORMAL_PRIORITY_CLASS, HIGH_PRIORITY_CLASS};
    for (DWORD index = 0; index < sizeof classes / sizeof *classes; index++)
        EXPECT_EQUAL(run_with(NULL, "child class", FALSE, classes[index], NULL, NULL), classes[index]);
    EXPECT(SetPriorityClass(GetCurrentProcess(), BELOW_NORMAL_PRIORITY_CLASS));
    EXPECT_EQUAL(run("child class"), BELOW_NORMAL_PRIORITY_CLASS);
    EXPECT(SetPriorityClass(GetCurrentProcess(), HIGH_PRIORITY_CLASS));
    EXPECT_EQUAL(run("child class"), NORMAL_PRIORITY_CLASS);
    EXPECT(SetPriorityClass(GetCurrentProcess(), NORMAL_PRIORITY_CLASS));
    EXPECT_ERROR(SetPriorityClass(GetCurrentProcess(), 0x55), ERROR_INVALID_PARAMETER);
}

static void handles(void)
{
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, NULL, TRUE};
    HANDLE file = CreateFileA("C:\\child.exe", GENERIC_READ, FILE_SHARE_READ, &attributes, OPEN_EXISTING, 0, NULL), copy;
    EXPECT(file != INVALID_HANDLE_VALUE && DuplicateHandle(GetCurrentProcess(), file, GetCurrentProcess(), &copy, 0, TRUE, DUPLICATE_SAME_ACCESS));
    char line[] = "child handle 0000";
    DWORD value = (DWORD)copy;
    for (int at = 16; value != 0; value /= 10)
        line[at--] = (char)('0' + value % 10);
    EXPECT_EQUAL(run_with(NULL, line, TRUE, 0, NULL, NULL), 77);
    EXPECT_EQUAL(run_with(NULL, line, FALSE, 0, NULL, NULL), ERROR_INVALID_HANDLE);
    EXPECT(CloseHandle(copy) && CloseHandle(file));
}

static void test(void)
{
    command_lines();
    refusals();
    surroundings();
    priorities();
    handles();
}
