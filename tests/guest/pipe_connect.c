// ConnectNamedPipe: who comes before it, who comes while it waits, and who comes before the one that waits has begun to.
// expect: exit 0
#include "test.h"

#define NAME "\\\\.\\pipe\\connect"
#define LOCAL_INFORMATION 24

NTSTATUS NTAPI NtQueryInformationFile(HANDLE file, PVOID status, PVOID buffer, ULONG length, ULONG class);

static HANDLE server, client;

static void make(DWORD direction)
{
    server = CreateNamedPipeA(NAME, direction | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE, 1, 4096, 4096, 0, NULL);
    EXPECT(server != INVALID_HANDLE_VALUE);
}

static void open(DWORD access)
{
    client = CreateFileA(NAME, access | FILE_READ_ATTRIBUTES, 0, NULL, OPEN_EXISTING, 0, NULL);
    EXPECT(client != INVALID_HANDLE_VALUE);
}

static void through_a_port(void)
{
    OVERLAPPED connect = {0}, *which;
    DWORD bytes = 1;
    ULONG_PTR key = 0;
    make(PIPE_ACCESS_INBOUND);
    HANDLE port = CreateIoCompletionPort(server, NULL, 5, 0);
    EXPECT(port != NULL);
    EXPECT_ERROR(ConnectNamedPipe(server, &connect), ERROR_IO_PENDING);
    open(GENERIC_WRITE);
    EXPECT(GetQueuedCompletionStatus(port, &bytes, &key, &which, INFINITE));
    EXPECT(bytes == 0 && key == 5 && which == &connect);
    EXPECT_ERROR(ConnectNamedPipe(server, &connect), ERROR_PIPE_CONNECTED);
    EXPECT_ERROR(GetQueuedCompletionStatus(port, &bytes, &key, &which, 20), WAIT_TIMEOUT);
    EXPECT(CloseHandle(client));
    EXPECT_ERROR(ConnectNamedPipe(server, &connect), ERROR_NO_DATA);
    EXPECT_ERROR(ConnectNamedPipe(server, NULL), ERROR_NO_DATA);
    EXPECT(CloseHandle(server) && CloseHandle(port));
    // Somebody has come and gone before anybody waits.
    make(PIPE_ACCESS_INBOUND);
    port = CreateIoCompletionPort(server, NULL, 6, 0);
    EXPECT_ERROR(ConnectNamedPipe(server, &connect), ERROR_IO_PENDING);
    open(GENERIC_WRITE);
    EXPECT(CloseHandle(client));
    EXPECT(GetQueuedCompletionStatus(port, &bytes, &key, &which, INFINITE) && key == 6);
    EXPECT(CloseHandle(server) && CloseHandle(port));
}

static void through_an_event(void)
{
    HANDLE event = CreateEventA(NULL, TRUE, TRUE, NULL);
    OVERLAPPED connect = {.hEvent = event};
    DWORD bytes = 1;
    make(PIPE_ACCESS_OUTBOUND);
    EXPECT_ERROR(ConnectNamedPipe(server, &connect), ERROR_IO_PENDING);
    EXPECT_EQUAL(WaitForSingleObject(event, 20), WAIT_TIMEOUT);
    EXPECT(!HasOverlappedIoCompleted(&connect));
    EXPECT_ERROR(GetOverlappedResult(server, &connect, &bytes, FALSE), ERROR_IO_INCOMPLETE);
    open(GENERIC_READ);
    EXPECT_EQUAL(WaitForSingleObject(event, INFINITE), WAIT_OBJECT_0);
    EXPECT(GetOverlappedResult(server, &connect, &bytes, FALSE) && bytes == 0);
    EXPECT(CloseHandle(client) && CloseHandle(server) && CloseHandle(event));
}

static void expect_information(HANDLE end, DWORD direction, DWORD to_read, DWORD room, DWORD state, DWORD is_server)
{
    DWORD status[2], words[10] = {0};
    EXPECT_EQUAL(NtQueryInformationFile(end, status, words, 39, LOCAL_INFORMATION), LENGTH_MISMATCH);
    EXPECT_EQUAL(NtQueryInformationFile(end, status, words, 40, LOCAL_INFORMATION), SUCCESS);
    EXPECT_EQUAL(status[1], 40);
    DWORD expected[10] = {0, direction, 1, 1, 0x1000, to_read, 0x1000, room, state, is_server};
    for (int index = 0; index < 10; index++)
        EXPECT_EQUAL(words[index], expected[index]);
}

// FilePipeLocalInformation, as long as a pipe lives.
static void information(void)
{
    DWORD done, status[2], words[10];
    make(PIPE_ACCESS_INBOUND);
    expect_information(server, 0, 0, 0x1000, 2, 1);
    open(GENERIC_WRITE);
    EXPECT(WriteFile(client, "1234567", 7, &done, NULL) && done == 7);
    expect_information(server, 0, 7, 0x1000, 3, 1);
    expect_information(client, 0, 0, 0x1000 - 7, 3, 0);
    EXPECT(CloseHandle(client));
    expect_information(server, 0, 7, 0x1000, 4, 1);
    EXPECT(CloseHandle(server));
    make(PIPE_ACCESS_OUTBOUND);
    open(GENERIC_READ);
    expect_information(server, 1, 0, 0x1000, 3, 1);
    expect_information(client, 1, 0, 0x1000, 3, 0);
    EXPECT(CloseHandle(client) && CloseHandle(server));
    HANDLE file = CreateFileA("C:\\pipe_connect.exe", GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    EXPECT_EQUAL(NtQueryInformationFile(file, status, words, 40, LOCAL_INFORMATION), BAD_PARAMETER);
    EXPECT(CloseHandle(file));
}

static void test(void)
{
    through_a_port();
    through_an_event();
    information();
    EXPECT_ERROR(ConnectNamedPipe((HANDLE)0x4444, NULL), ERROR_INVALID_HANDLE);
}
