// What the tests of CreateProcess start. Its first argument says what it does; its exit status is the answer.
// role: helper
#include "test.h"

static BOOL equal(const char *left, const char *right)
{
    while (*left != 0 && *left == *right)
        left++, right++;
    return *left == *right;
}

// What follows the program's name on the command line.
static const char *arguments(void)
{
    const char *line = GetCommandLineA();
    char end = ' ';
    if (*line == '"')
        end = '"', line++;
    while (*line != 0 && *line != end)
        line++;
    if (*line == '"')
        line++;
    while (*line == ' ')
        line++;
    return line;
}

static BOOL begins(const char *text, const char *start)
{
    while (*start != 0)
        if (*text++ != *start++)
            return FALSE;
    return TRUE;
}

static DWORD number(const char *digits)
{
    DWORD value = 0;
    while (*digits >= '0' && *digits <= '9')
        value = value * 10 + (DWORD)(*digits++ - '0');
    return value;
}

// Compares what it finds with the variable EXPECTED.
static DWORD compare(const char *found)
{
    char expected[600] = "";
    GetEnvironmentVariableA("EXPECTED", expected, sizeof expected);
    if (equal(found, expected))
        return 77;
    put("found ");
    put(found);
    put(", expected ");
    put(expected);
    put("\n");
    return 1;
}

static LONG WINAPI filter(EXCEPTION_POINTERS *pointers)
{
    put(pointers->ExceptionRecord->ExceptionCode == 0xC0000005 ? "the child's filter\n" : "another exception\n");
    return EXCEPTION_EXECUTE_HANDLER;
}

static DWORD WINAPI crash(PVOID argument)
{
    (void)argument;
    return read_word(0);
}

// The other side of names_meet.c: finds what that has made, adds to the semaphore, and dies with the mutex in its hand.
static DWORD meet(void)
{
    HANDLE asked = OpenEventA(EVENT_ALL_ACCESS, FALSE, "Global\\names_asked");
    HANDLE answered = OpenEventW(EVENT_ALL_ACCESS, FALSE, L"Local\\names_answered");
    HANDLE semaphore = OpenSemaphoreA(SEMAPHORE_ALL_ACCESS, FALSE, "names_count");
    HANDLE mutex = CreateMutexA(NULL, FALSE, "names_mutex");
    if (GetLastError() != ERROR_ALREADY_EXISTS || asked == NULL || answered == NULL || semaphore == NULL)
        return 1;
    if (WaitForSingleObject(asked, 20000) != WAIT_OBJECT_0 || !ReleaseSemaphore(semaphore, 3, NULL))
        return 2;
    if (WaitForSingleObject(mutex, 20000) != WAIT_OBJECT_0 || !SetEvent(answered))
        return 3;
    return 77;
}

static DWORD answer(void)
{
    const char *what = arguments();
    char buffer[600] = "";
    if (begins(what, "exit "))
        return number(what + 5);
    if (begins(what, "line"))
        return compare(GetCommandLineA());
    if (begins(what, "directory")) {
        GetCurrentDirectoryA(sizeof buffer, buffer);
        return compare(buffer);
    }
    if (begins(what, "variable")) {
        GetEnvironmentVariableA("SOMETHING", buffer, sizeof buffer);
        return compare(buffer);
    }
    if (begins(what, "image")) {
        GetModuleFileNameA(NULL, buffer, sizeof buffer);
        return compare(buffer);
    }
    if (begins(what, "class"))
        return GetPriorityClass(GetCurrentProcess());
    if (begins(what, "crash"))
        return crash(NULL);
    if (begins(what, "filter")) {
        SetUnhandledExceptionFilter(filter);
        if (begins(what, "filter in a thread"))
            WaitForSingleObject(CreateThread(NULL, 0, crash, NULL, 0, NULL), INFINITE);
        return crash(NULL);
    }
    if (begins(what, "say ")) {
        put(what + 4);
        put("\n");
        return 77;
    }
    if (begins(what, "meet"))
        return meet();
    if (begins(what, "own names")) {
        HANDLE event = CreateEventA(NULL, TRUE, FALSE, "Global\\names_child");
        return event != NULL && GetLastError() == 0 ? 77 : GetLastError();
    }
    if (begins(what, "sleep"))
        Sleep(INFINITE);
    if (begins(what, "handle ")) {
        HANDLE inherited = (HANDLE)number(what + 7);
        char magic[2] = "";
        DWORD done = 0;
        return ReadFile(inherited, magic, 2, &done, NULL) && magic[0] == 'M' && magic[1] == 'Z' ? 77 : GetLastError();
    }
    return 99;
}

static void test(void)
{
    ExitProcess(answer());
}
