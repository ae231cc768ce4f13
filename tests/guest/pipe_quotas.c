// Quotas of pipes: what was asked for each way is told and kept to, by who waits, who never waits and who is told later; and writes that are given up.
// expect: exit 0
#include "test.h"

#define NAME "\\\\.\\pipe\\quotas"

// What the test cannot go on without.
#define NEED(condition)            \
    do {                           \
        if (!(condition)) {        \
            EXPECT(!#condition);   \
            ExitProcess(1);        \
        }                          \
    } while (0)

typedef struct {
    ULONG kind, direction, most, instances, in_quota, readable, out_quota, writable, state, end;
} local;

NTSTATUS NTAPI NtQueryInformationFile(HANDLE file, PVOID status, PVOID buffer, ULONG length, ULONG class);

static HANDLE server, client;
static char text[70000];
static DWORD count;

static void make(DWORD kind, DWORD out, DWORD in, DWORD flags)
{
    server = CreateNamedPipeA(NAME, PIPE_ACCESS_DUPLEX | flags, kind, 1, out, in, 0, NULL);
    NEED(server != INVALID_HANDLE_VALUE);
    client = CreateFileA(NAME, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, flags, NULL);
    NEED(client != INVALID_HANDLE_VALUE);
}

static void end(void)
{
    EXPECT(CloseHandle(client) && CloseHandle(server));
}

static local look(HANDLE pipe)
{
    local told = {0};
    DWORD status[2];
    EXPECT_EQUAL(NtQueryInformationFile(pipe, status, &told, sizeof told, 24), SUCCESS);
    return told;
}

static DWORD available(HANDLE pipe)
{
    DWORD bytes = 99;
    EXPECT(PeekNamedPipe(pipe, NULL, 0, NULL, &bytes, NULL));
    return bytes;
}

static void sizes(void)
{
    DWORD out = 9, in = 9;
    make(PIPE_TYPE_BYTE, 100, 9000, 0);
    EXPECT(GetNamedPipeInfo(server, NULL, &out, &in, NULL));
    EXPECT(out == 100 && in == 9000);
    EXPECT(GetNamedPipeInfo(client, NULL, &out, &in, NULL));
    EXPECT(out == 100 && in == 9000);
    local told = look(server);
    EXPECT(told.in_quota == 9000 && told.out_quota == 100 && told.readable == 0 && told.writable == 100);
    EXPECT_EQUAL(look(client).writable, 9000);
    // What fits is written at once, in either way.
    EXPECT(WriteFile(server, text, 60, &count, NULL) && count == 60);
    EXPECT(WriteFile(client, text, 8000, &count, NULL) && count == 8000);
    EXPECT_EQUAL(look(server).writable, 40);
    EXPECT_EQUAL(look(server).readable, 8000);
    EXPECT_EQUAL(look(client).writable, 1000);
    EXPECT_EQUAL(available(client), 60);
    EXPECT(PeekNamedPipe(server, text, sizeof text, &count, NULL, NULL) && count == 8000);
    EXPECT(ReadFile(server, text, sizeof text, &count, NULL) && count == 8000);
    EXPECT_EQUAL(look(client).writable, 9000);
    end();

    // An anonymous pipe has a page where nobody says.
    HANDLE reader, writer;
    NEED(CreatePipe(&reader, &writer, NULL, 0));
    EXPECT(GetNamedPipeInfo(reader, NULL, NULL, &in, NULL) && in == 4096);
    EXPECT_EQUAL(look(writer).writable, 4096);
    EXPECT(CloseHandle(reader) && CloseHandle(writer));
    NEED(CreatePipe(&reader, &writer, NULL, 20000));
    EXPECT(GetNamedPipeInfo(reader, NULL, NULL, &in, NULL) && in == 20000);
    EXPECT(WriteFile(writer, text, 20000, &count, NULL) && count == 20000);
    EXPECT_EQUAL(available(reader), 20000);
    EXPECT(CloseHandle(reader) && CloseHandle(writer));
}

// Who never waits writes what the quota allows, and messages whole or not at all.
static void never_waiting(void)
{
    DWORD mode = PIPE_NOWAIT;
    make(PIPE_TYPE_BYTE, 0, 100, 0);
    EXPECT(SetNamedPipeHandleState(client, &mode, NULL, NULL));
    EXPECT(SetNamedPipeHandleState(server, &mode, NULL, NULL));
    EXPECT(WriteFile(client, text, 70, &count, NULL) && count == 70);
    EXPECT(WriteFile(client, text, 70, &count, NULL) && count == 30);
    EXPECT(WriteFile(client, text, 70, &count, NULL) && count == 0);
    EXPECT(WriteFile(server, text, 1, &count, NULL) && count == 0);
    EXPECT(ReadFile(server, text, 20, &count, NULL) && count == 20);
    EXPECT_EQUAL(look(client).writable, 20);
    EXPECT(WriteFile(client, text, 70, &count, NULL) && count == 20);
    end();
    make(PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, 0, 100, 0);
    mode = PIPE_NOWAIT | PIPE_READMODE_MESSAGE;
    EXPECT(SetNamedPipeHandleState(client, &mode, NULL, NULL));
    EXPECT(WriteFile(client, text, 101, &count, NULL) && count == 0);
    EXPECT(WriteFile(client, text, 60, &count, NULL) && count == 60);
    EXPECT(WriteFile(client, text, 41, &count, NULL) && count == 0);
    EXPECT(WriteFile(client, text, 40, &count, NULL) && count == 40);
    EXPECT(WriteFile(client, text, 1, &count, NULL) && count == 0);
    EXPECT(ReadFile(server, text, 99, &count, NULL) && count == 60);
    EXPECT(ReadFile(server, text, 99, &count, NULL) && count == 40);
    end();
}

static DWORD WINAPI write_five(void *pipe)
{
    DWORD written = 0;
    return WriteFile(pipe, "12345", 5, &written, NULL) ? written : GetLastError() + 1000;
}

static DWORD ended(HANDLE thread)
{
    DWORD code = 0;
    EXPECT_EQUAL(WaitForSingleObject(thread, 10000), WAIT_OBJECT_0);
    EXPECT(GetExitCodeThread(thread, &code) && CloseHandle(thread));
    return code;
}

static HANDLE start(LPTHREAD_START_ROUTINE routine, HANDLE pipe)
{
    HANDLE thread = CreateThread(NULL, 0, routine, pipe, 0, NULL);
    NEED(thread != NULL);
    return thread;
}

// Until what it wrote can be seen.
static void let_it_write(DWORD bytes)
{
    for (int turn = 0; turn < 200 && available(server) != bytes; turn++)
        Sleep(1);
    EXPECT_EQUAL(available(server), bytes);
}

// Without a quota a write is over when all of it has been read, which can be looked at meanwhile.
static void no_quota(DWORD kind)
{
    make(kind, 0, 0, 0);
    EXPECT_EQUAL(look(client).writable, 0);
    HANDLE thread = start(write_five, client);
    let_it_write(5);
    EXPECT_EQUAL(WaitForSingleObject(thread, 20), WAIT_TIMEOUT);
    EXPECT(PeekNamedPipe(server, text, 9, &count, NULL, NULL) && count == 5 && text[4] == '5');
    if (kind == PIPE_TYPE_BYTE)
        EXPECT(ReadFile(server, text, 3, &count, NULL) && count == 3);
    else
        EXPECT_ERROR(ReadFile(server, text, 3, &count, NULL), ERROR_MORE_DATA);
    EXPECT_EQUAL(WaitForSingleObject(thread, 20), WAIT_TIMEOUT);
    EXPECT(ReadFile(server, text, 9, &count, NULL) && count == 2 && text[0] == '4');
    EXPECT_EQUAL(ended(thread), 5);

    // A writer that is ended takes its bytes with it.
    thread = start(write_five, client);
    let_it_write(5);
    EXPECT(TerminateThread(thread, 77));
    EXPECT_EQUAL(ended(thread), 77);
    EXPECT_EQUAL(available(server), 0);

    // The reader goes while it waits, or throws it out.
    thread = start(write_five, client);
    let_it_write(5);
    EXPECT(DisconnectNamedPipe(server));
    EXPECT_EQUAL(ended(thread), ERROR_PIPE_NOT_CONNECTED + 1000);
    end();
    make(kind, 0, 0, 0);
    thread = start(write_five, client);
    let_it_write(5);
    EXPECT(CloseHandle(server));
    EXPECT_EQUAL(ended(thread), ERROR_BROKEN_PIPE + 1000);
    EXPECT(CloseHandle(client));
}

// Told later: what goes beyond the quota can be read at once, and can be given up.
static void later(DWORD kind)
{
    make(kind, 0, 10, FILE_FLAG_OVERLAPPED);
    OVERLAPPED one = {.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL)}, other = {.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL)};
    NEED(one.hEvent != NULL && other.hEvent != NULL);
    NEED(WriteFile(client, "abcdef", 6, NULL, &one) && GetOverlappedResult(client, &one, &count, FALSE));
    EXPECT_EQUAL(count, 6);
    EXPECT_ERROR(WriteFile(client, "ghijk", 5, NULL, &one), ERROR_IO_PENDING);
    let_it_write(11);
    EXPECT_ERROR(WriteFile(client, text, 3000, NULL, &other), ERROR_IO_PENDING);
    let_it_write(3011);
    EXPECT_EQUAL(look(client).writable, 0);
    EXPECT(!HasOverlappedIoCompleted(&one));
    // A byte less, and the first is within the quota.
    EXPECT_EQUAL(ReadFile(server, text, 1, &count, NULL), kind == PIPE_TYPE_BYTE);
    EXPECT_EQUAL(count, 1);
    EXPECT(GetOverlappedResult(client, &one, &count, TRUE) && count == 5);
    EXPECT(!HasOverlappedIoCompleted(&other));
    EXPECT(CancelIo(client));
    EXPECT_ERROR(GetOverlappedResult(client, &other, &count, TRUE), ERROR_OPERATION_ABORTED);
    EXPECT_EQUAL(available(server), 10);
    EXPECT(ReadFile(server, text, 99, &count, NULL));
    EXPECT_EQUAL(text[0], 'b');
    if (kind == PIPE_TYPE_BYTE)
        EXPECT_EQUAL(count, 10);
    else {
        EXPECT_EQUAL(count, 5);
        EXPECT(ReadFile(server, text, 99, &count, NULL) && count == 5 && text[0] == 'g');
    }

    // A read, too; and whoever listens.
    EXPECT_ERROR(ReadFile(server, text, 9, NULL, &one), ERROR_IO_PENDING);
    EXPECT_EQUAL(WaitForSingleObject(one.hEvent, 20), WAIT_TIMEOUT);
    EXPECT(CancelIo(client));
    EXPECT_EQUAL(WaitForSingleObject(one.hEvent, 20), WAIT_TIMEOUT);
    EXPECT(CancelIo(server));
    EXPECT_ERROR(GetOverlappedResult(server, &one, &count, TRUE), ERROR_OPERATION_ABORTED);
    // The other end gets what it writes then.
    EXPECT(WriteFile(client, "xyz", 3, NULL, &other));
    EXPECT(ReadFile(server, text, 9, &count, &one));
    EXPECT_EQUAL(count, 3);
    EXPECT(DisconnectNamedPipe(server));
    EXPECT_ERROR(ConnectNamedPipe(server, &one), ERROR_IO_PENDING);
    EXPECT(CancelIo(server));
    EXPECT_ERROR(GetOverlappedResult(server, &one, &count, TRUE), ERROR_OPERATION_ABORTED);
    end();

    // An end that is closed while something goes on there is an end that is closed.
    make(kind, 0, 10, FILE_FLAG_OVERLAPPED);
    EXPECT_ERROR(ReadFile(client, text, 9, NULL, &one), ERROR_IO_PENDING);
    EXPECT_EQUAL(WaitForSingleObject(one.hEvent, 20), WAIT_TIMEOUT);
    EXPECT(CloseHandle(client));
    EXPECT_EQUAL(WaitForSingleObject(one.hEvent, 10000), WAIT_OBJECT_0);
    EXPECT_EQUAL(one.Internal, 0xC000014B);
    EXPECT_ERROR(ReadFile(server, text, 9, &count, &other), ERROR_BROKEN_PIPE);
    EXPECT(CloseHandle(server) && CloseHandle(one.hEvent) && CloseHandle(other.hEvent));
}

static DWORD WINAPI write_long(void *pipe)
{
    static char bytes[sizeof text];
    DWORD written = 0;
    for (DWORD index = 0; index < sizeof bytes; index++)
        bytes[index] = (char)(index * 7 >> 3);
    return WriteFile(pipe, bytes, sizeof bytes, &written, NULL) && written == sizeof bytes ? 42 : 1;
}

// More than a quota: all of it can be looked at, and comes out in order.
static void large(void)
{
    DWORD wrong = 0, total = 0, out = 0;
    make(PIPE_TYPE_BYTE, 0x7FFFFFFF, 5000, 0);
    EXPECT(GetNamedPipeInfo(server, NULL, &out, NULL, NULL));
    EXPECT(out >= 0x10000);
    HANDLE thread = start(write_long, client);
    for (int turn = 0; turn < 200 && available(server) < 65536; turn++)
        Sleep(1);
    EXPECT(available(server) >= 65536);
    while (total < sizeof text && ReadFile(server, text, 30000, &count, NULL)) {
        for (DWORD index = 0; index < count; index++)
            wrong += text[index] != (char)((total + index) * 7 >> 3);
        total += count;
    }
    EXPECT(total == sizeof text && wrong == 0);
    EXPECT_EQUAL(ended(thread), 42);
    end();
}

static void test(void)
{
    sizes();
    never_waiting();
    no_quota(PIPE_TYPE_BYTE);
    no_quota(PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE);
    later(PIPE_TYPE_BYTE);
    later(PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE);
    large();
}
