// Completion ports: what is posted comes out in its order, and reads of a pipe complete there.
// expect: exit 0
#include "test.h"

static HANDLE port, server, client;
static DWORD bytes;
static ULONG_PTR key;
static OVERLAPPED *which;

static BOOL next(DWORD milliseconds)
{
    bytes = 0, key = 0, which = (OVERLAPPED *)4;
    return GetQueuedCompletionStatus(port, &bytes, &key, &which, milliseconds);
}

static DWORD WINAPI post_later(PVOID unused)
{
    (void)unused;
    Sleep(30);
    return PostQueuedCompletionStatus(port, 77, 78, NULL);
}

// Packets that the program makes itself.
static void posts(void)
{
    OVERLAPPED own[2];
    EXPECT_ERROR(next(0), WAIT_TIMEOUT);
    EXPECT(which == NULL);
    EXPECT(PostQueuedCompletionStatus(port, 1, 11, &own[0]) && PostQueuedCompletionStatus(port, 2, 22, &own[1]));
    EXPECT(PostQueuedCompletionStatus(port, 3, 0xFFFFFFFF, NULL));
    EXPECT(next(0) && bytes == 1 && key == 11 && which == &own[0]);
    EXPECT(next(INFINITE) && bytes == 2 && key == 22 && which == &own[1]);
    EXPECT(next(0) && bytes == 3 && key == 0xFFFFFFFF && which == NULL);
    EXPECT_ERROR(next(20), WAIT_TIMEOUT);
    HANDLE thread = CreateThread(NULL, 0, post_later, NULL, 0, NULL);
    EXPECT(next(INFINITE) && bytes == 77 && key == 78 && which == NULL);
    EXPECT_EQUAL(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    EXPECT(CloseHandle(thread));
}

// A read that completes when somebody writes, and one that nobody will write for.
static void reads(void)
{
    OVERLAPPED read = {0};
    char buffer[8] = "";
    DWORD done = 0;
    server = CreateNamedPipeA("\\\\.\\pipe\\completion", PIPE_ACCESS_INBOUND | FILE_FLAG_OVERLAPPED, 0, 1, 0, 0, 0, NULL);
    client = CreateFileA("\\\\.\\pipe\\completion", GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    EXPECT(server != INVALID_HANDLE_VALUE && client != INVALID_HANDLE_VALUE);
    EXPECT(CreateIoCompletionPort(server, port, 9, 0) == port);
    EXPECT_ERROR(CreateIoCompletionPort(server, port, 9, 0), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(ReadFile(server, buffer, 8, NULL, &read), ERROR_IO_PENDING);
    EXPECT(!HasOverlappedIoCompleted(&read));
    EXPECT_ERROR(GetOverlappedResult(server, &read, &done, FALSE), ERROR_IO_INCOMPLETE);
    EXPECT_ERROR(next(20), WAIT_TIMEOUT);
    EXPECT(WriteFile(client, "hello", 5, &done, NULL) && done == 5);
    EXPECT(next(INFINITE) && bytes == 5 && key == 9 && which == &read);
    EXPECT(buffer[0] == 'h' && buffer[4] == 'o' && buffer[5] == 0);
    EXPECT(GetOverlappedResult(server, &read, &done, TRUE) && done == 5);
    EXPECT_ERROR(ReadFile(server, buffer, 8, NULL, &read), ERROR_IO_PENDING);
    EXPECT(CloseHandle(client));
    EXPECT_ERROR(next(INFINITE), ERROR_BROKEN_PIPE);
    EXPECT(bytes == 0 && key == 9 && which == &read);
    EXPECT_ERROR(GetOverlappedResult(server, &read, &done, TRUE), ERROR_BROKEN_PIPE);
    EXPECT(CloseHandle(server));
}

static void test(void)
{
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
    port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    EXPECT(port != NULL);
    EXPECT_ERROR(CreateIoCompletionPort(INVALID_HANDLE_VALUE, port, 0, 0), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(PostQueuedCompletionStatus(event, 1, 2, NULL), ERROR_INVALID_HANDLE);
    posts();
    reads();
    EXPECT(CloseHandle(port) && CloseHandle(event));
    EXPECT_ERROR(PostQueuedCompletionStatus(port, 1, 2, NULL), ERROR_INVALID_HANDLE);
}
