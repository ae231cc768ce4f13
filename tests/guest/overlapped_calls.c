// Reads and writes tell of their end: by an event, by a routine that is called in an alertable wait, and later where a pipe has to be waited for.
// expect: exit 0
#include "test.h"

#define END_OF_FILE 0xC0000011

// What the test cannot go on without.
#define NEED(condition)            \
    do {                           \
        if (!(condition)) {        \
            EXPECT(!#condition);   \
            ExitProcess(1);        \
        }                          \
    } while (0)

typedef struct {
    NTSTATUS status;
    ULONG information;
} status_block;

NTSTATUS NTAPI NtReadFile(HANDLE, HANDLE, PVOID, PVOID, status_block *, PVOID, ULONG, LARGE_INTEGER *, ULONG *);

static int calls;
static DWORD told_error, told_bytes;
static OVERLAPPED *told_of;

static VOID CALLBACK routine(DWORD error, DWORD bytes, OVERLAPPED *overlapped)
{
    calls++;
    told_error = error;
    told_bytes = bytes;
    told_of = overlapped;
}

static void expect_call(int count, DWORD bytes, OVERLAPPED *overlapped)
{
    EXPECT_EQUAL(SleepEx(10000, TRUE), WAIT_IO_COMPLETION);
    EXPECT_EQUAL(calls, count);
    EXPECT_EQUAL(told_error, 0);
    EXPECT_EQUAL(told_bytes, bytes);
    EXPECT(told_of == overlapped);
}

static void of_files(void)
{
    HANDLE file = CreateFileA("calls.tmp", GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_FLAG_OVERLAPPED | FILE_FLAG_DELETE_ON_CLOSE, NULL);
    NEED(file != INVALID_HANDLE_VALUE);
    char bytes[8] = "abcdefg", back[8] = {0};
    OVERLAPPED one = {.Offset = 3}, two = {.Offset = 4};
    NEED(WriteFileEx(file, bytes, 8, &one, routine));
    // Not before the thread waits for it.
    EXPECT_EQUAL(calls, 0);
    Sleep(0);
    EXPECT_EQUAL(calls, 0);
    expect_call(1, 8, &one);
    NEED(ReadFileEx(file, back, 8, &two, routine));
    expect_call(2, 7, &two);
    EXPECT_EQUAL(back[0], 'b');
    // Behind the end there is nothing to be called for.
    two.Offset = 100;
    EXPECT(!ReadFileEx(file, back, 8, &two, routine));
    EXPECT_EQUAL(GetLastError(), ERROR_HANDLE_EOF);
    EXPECT_EQUAL(SleepEx(0, TRUE), 0);
    EXPECT_EQUAL(calls, 2);

    // The service's own event: reset at the start, set at the end, but not by an error.
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    NEED(event != NULL);
    status_block block;
    LARGE_INTEGER offset = {.QuadPart = 3};
    NEED(NtReadFile(file, event, NULL, NULL, &block, back, 4, &offset, NULL) == SUCCESS);
    EXPECT_EQUAL(block.information, 4);
    EXPECT_EQUAL(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
    offset.QuadPart = 100;
    EXPECT_EQUAL(NtReadFile(file, event, NULL, NULL, &block, back, 4, &offset, NULL), END_OF_FILE);
    EXPECT_EQUAL(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    EXPECT_EQUAL(NtReadFile(file, (HANDLE)0x7770, NULL, NULL, &block, back, 4, &offset, NULL), 0xC0000008);
    EXPECT_EQUAL(NtReadFile(file, file, NULL, NULL, &block, back, 4, &offset, NULL), 0xC0000024);
    EXPECT(CloseHandle(event) && CloseHandle(file));
}

static void of_pipes(void)
{
    const char *name = "\\\\.\\pipe\\overlapped_calls";
    HANDLE server = CreateNamedPipeA(name, PIPE_ACCESS_INBOUND | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE, 1, 0, 16, 0, NULL);
    NEED(server != INVALID_HANDLE_VALUE);
    HANDLE client = CreateFileA(name, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    NEED(client != INVALID_HANDLE_VALUE);
    char back[4] = {0};
    DWORD moved = 0;
    calls = 0;

    // One thread at both ends: what is read comes after the read.
    OVERLAPPED read = {.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL)};
    NEED(read.hEvent != NULL);
    BOOL done = ReadFile(server, back, 4, NULL, &read);
    NEED(!done && GetLastError() == ERROR_IO_PENDING);
    EXPECT_EQUAL(WaitForSingleObject(read.hEvent, 0), WAIT_TIMEOUT);
    NEED(WriteFile(client, "xyz", 3, &moved, NULL));
    EXPECT_EQUAL(moved, 3);
    EXPECT(GetOverlappedResult(server, &read, &moved, TRUE));
    EXPECT_EQUAL(moved, 3);
    EXPECT_EQUAL(back[2], 'z');

    OVERLAPPED second = {0};
    NEED(ReadFileEx(server, back, 4, &second, routine));
    EXPECT_EQUAL(SleepEx(0, TRUE), 0);
    NEED(WriteFile(client, "12", 2, &moved, NULL));
    expect_call(1, 2, &second);
    EXPECT_EQUAL(back[1], '2');

    // What is there is read at once.
    NEED(WriteFile(client, "!", 1, &moved, NULL));
    EXPECT(ReadFile(server, back, 4, &moved, &read));
    EXPECT_EQUAL(moved, 1);
    EXPECT(CloseHandle(client));
    EXPECT(!ReadFile(server, back, 4, &moved, &read));
    EXPECT_EQUAL(GetLastError(), ERROR_BROKEN_PIPE);
    EXPECT(CloseHandle(server) && CloseHandle(read.hEvent));
}

static void test(void)
{
    of_files();
    of_pipes();
}
