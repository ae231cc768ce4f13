// Pipes with names: both ways, messages, several instances, clients thrown out, waiting for an instance, questions with answers, modes.
// expect: exit 0

#include "test.h"

#define NAME "\\\\.\\pipe\\named pipes"

static HANDLE serve(DWORD kind, DWORD instances)
{
    return CreateNamedPipeA(NAME, PIPE_ACCESS_DUPLEX, kind, instances, 4096, 4096, 100, NULL);
}

static HANDLE open(void)
{
    return CreateFileA(NAME, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
}

// Whether there is no pipe; one that should not be goes, so that the rest can be looked at.
static BOOL is_none(HANDLE pipe)
{
    return pipe == INVALID_HANDLE_VALUE || (CloseHandle(pipe), FALSE);
}

static DWORD send(HANDLE end, const char *text, DWORD length)
{
    DWORD written = 99;
    EXPECT(WriteFile(end, text, length, &written, NULL));
    return written;
}

static char text[9000];

static DWORD receive(HANDLE end, DWORD most)
{
    DWORD read = 99;
    EXPECT(ReadFile(end, text, most, &read, NULL));
    return read;
}

static BOOL text_is(const char *expected, DWORD length)
{
    for (DWORD index = 0; index < length; index++)
        if (text[index] != expected[index])
            return FALSE;
    return TRUE;
}

static void both_ways(void)
{
    HANDLE server = serve(PIPE_TYPE_BYTE, 1), client = open();
    EXPECT(server != INVALID_HANDLE_VALUE && client != INVALID_HANDLE_VALUE);
    EXPECT_ERROR(ConnectNamedPipe(server, NULL), ERROR_PIPE_CONNECTED);
    EXPECT_EQUAL(send(client, "question", 8), 8);
    EXPECT_EQUAL(send(server, "answer", 6), 6);
    EXPECT_EQUAL(receive(client, 99), 6);
    EXPECT(text_is("answer", 6));
    EXPECT_EQUAL(receive(server, 5), 5);
    EXPECT_EQUAL(receive(server, 5), 3);
    EXPECT(text_is("ion", 3));
    SetLastError(0);
    EXPECT(is_none(open()));
    EXPECT_EQUAL(GetLastError(), ERROR_PIPE_BUSY);
    SetLastError(0);
    EXPECT(is_none(serve(PIPE_TYPE_BYTE, 1)));
    EXPECT_EQUAL(GetLastError(), ERROR_PIPE_BUSY);
    EXPECT(CloseHandle(server));
    DWORD count;
    EXPECT_ERROR(ReadFile(client, text, 1, &count, NULL), ERROR_BROKEN_PIPE);
    EXPECT_ERROR(WriteFile(client, text, 1, &count, NULL), ERROR_NO_DATA);
    EXPECT(CloseHandle(client));
    SetLastError(0);
    EXPECT(is_none(open()));
    EXPECT_EQUAL(GetLastError(), ERROR_FILE_NOT_FOUND);
}

static DWORD WINAPI write_long(void *end)
{
    static char bytes[9000];
    DWORD written = 0;
    for (int index = 0; index < 9000; index++)
        bytes[index] = (char)(index * 7 >> 3);
    return WriteFile(end, bytes, sizeof bytes, &written, NULL) && written == sizeof bytes ? 42 : 1;
}

static void messages(void)
{
    DWORD count = 99, available = 99, left = 99, mode = PIPE_READMODE_MESSAGE;
    HANDLE server = serve(PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, PIPE_UNLIMITED_INSTANCES), client = open();
    EXPECT_EQUAL(send(client, "one", 3), 3);
    EXPECT_EQUAL(send(client, "", 0), 0);
    EXPECT_EQUAL(send(client, "three", 5), 5);
    EXPECT(PeekNamedPipe(server, text, 2, &count, &available, &left));
    EXPECT(count == 2 && available == 8 && left == 1);
    EXPECT(PeekNamedPipe(server, text, 99, &count, &available, &left));
    EXPECT(count == 3 && available == 8 && left == 0);
    EXPECT_EQUAL(receive(server, 99), 3);
    EXPECT_EQUAL(receive(server, 99), 0);
    EXPECT_ERROR(ReadFile(server, text, 2, &count, NULL), ERROR_MORE_DATA);
    EXPECT(count == 2 && text_is("th", 2));
    EXPECT_EQUAL(receive(server, 3), 3);
    EXPECT(text_is("ree", 3));

    // The client reads bytes until it says otherwise.
    EXPECT_EQUAL(send(server, "ab", 2), 2);
    EXPECT_EQUAL(send(server, "cde", 3), 3);
    EXPECT_EQUAL(receive(client, 4), 4);
    EXPECT(text_is("abcd", 4));
    EXPECT(SetNamedPipeHandleState(client, &mode, NULL, NULL));
    EXPECT_EQUAL(send(server, "fg", 2), 2);
    EXPECT_EQUAL(receive(client, 99), 1);
    EXPECT_EQUAL(receive(client, 99), 2);

    // A message that is longer than there is room.
    HANDLE thread = CreateThread(NULL, 0, write_long, client, 0, NULL);
    if (thread != NULL) {
        EXPECT_ERROR(ReadFile(server, text, 5000, &count, NULL), ERROR_MORE_DATA);
        EXPECT_EQUAL(count, 5000);
        DWORD wrong = 0;
        for (int index = 0; index < 5000; index++)
            wrong += text[index] != (char)(index * 7 >> 3);
        EXPECT_EQUAL(receive(server, sizeof text), 4000);
        for (int index = 0; index < 4000; index++)
            wrong += text[index] != (char)((index + 5000) * 7 >> 3);
        EXPECT_EQUAL(wrong, 0);
        EXPECT_EQUAL(WaitForSingleObject(thread, 20000), WAIT_OBJECT_0);
        EXPECT(GetExitCodeThread(thread, &count) && count == 42 && CloseHandle(thread));
    }

    // Without waiting.
    mode = PIPE_READMODE_MESSAGE | PIPE_NOWAIT;
    EXPECT(SetNamedPipeHandleState(client, &mode, NULL, NULL));
    EXPECT_ERROR(ReadFile(client, text, 9, &count, NULL), ERROR_NO_DATA);
    EXPECT_EQUAL(send(client, text, 3000), 3000);
    EXPECT_EQUAL(send(client, text, 3000), 0);
    EXPECT_EQUAL(receive(server, sizeof text), 3000);
    DWORD state = 99, instances = 99, flags = 99, out = 99, in = 99, most = 99;
    EXPECT(GetNamedPipeHandleStateA(client, &state, &instances, NULL, NULL, NULL, 0));
    EXPECT(state == mode && instances == 1);
    EXPECT(GetNamedPipeInfo(client, &flags, &out, &in, &most));
    EXPECT(flags == PIPE_TYPE_MESSAGE && most == PIPE_UNLIMITED_INSTANCES);
    EXPECT(GetNamedPipeInfo(server, &flags, NULL, NULL, NULL) && flags == (PIPE_TYPE_MESSAGE | PIPE_SERVER_END));
    mode = 4;
    EXPECT_ERROR(SetNamedPipeHandleState(client, &mode, NULL, NULL), ERROR_INVALID_PARAMETER);
    // Another kind of the same name.
    SetLastError(0);
    EXPECT(is_none(serve(PIPE_TYPE_BYTE, 2)));
    EXPECT_EQUAL(GetLastError(), ERROR_ACCESS_DENIED);
    EXPECT(CloseHandle(server) && CloseHandle(client));
}

static void instances(void)
{
    DWORD count;
    HANDLE first = serve(PIPE_TYPE_BYTE, 2), second = serve(PIPE_TYPE_BYTE, 2);
    EXPECT(first != INVALID_HANDLE_VALUE && second != INVALID_HANDLE_VALUE);
    EXPECT(is_none(serve(PIPE_TYPE_BYTE, 2)));
    HANDLE one = open(), other = open();
    EXPECT(one != INVALID_HANDLE_VALUE && other != INVALID_HANDLE_VALUE);
    EXPECT(is_none(open()));
    EXPECT_EQUAL(send(one, "1", 1), 1);
    EXPECT_EQUAL(send(other, "2", 1), 1);
    EXPECT_EQUAL(receive(first, 9), 1);
    EXPECT_EQUAL(receive(second, 9), 1);

    // A client that is thrown out.
    EXPECT_EQUAL(send(first, "lost", 4), 4);
    EXPECT(DisconnectNamedPipe(first));
    EXPECT_ERROR(DisconnectNamedPipe(first), ERROR_PIPE_NOT_CONNECTED);
    EXPECT_ERROR(ReadFile(first, text, 1, &count, NULL), ERROR_PIPE_NOT_CONNECTED);
    // Which of the two it was nobody knows.
    HANDLE out = one, in = other;
    if (PeekNamedPipe(one, NULL, 0, NULL, &count, NULL))
        out = other, in = one;
    EXPECT_ERROR(ReadFile(out, text, 1, &count, NULL), ERROR_PIPE_NOT_CONNECTED);
    EXPECT_ERROR(WriteFile(out, text, 1, &count, NULL), ERROR_PIPE_NOT_CONNECTED);
    EXPECT_EQUAL(send(second, "still", 5), 5);
    EXPECT_EQUAL(receive(in, 99), 5);
    EXPECT_ERROR(DisconnectNamedPipe(in), ERROR_INVALID_FUNCTION);
    EXPECT(is_none(open()));
    EXPECT_EQUAL(GetLastError(), ERROR_PIPE_BUSY);
    EXPECT(CloseHandle(out));
    EXPECT(CloseHandle(first) && CloseHandle(second) && CloseHandle(in));
}

static HANDLE waited_for;

static DWORD WINAPI connect(void *unused)
{
    (void)unused;
    Sleep(50);
    return DisconnectNamedPipe(waited_for) && ConnectNamedPipe(waited_for, NULL) ? 42 : GetLastError();
}

static void waiting(void)
{
    EXPECT_ERROR(WaitNamedPipeA(NAME, 10), ERROR_FILE_NOT_FOUND);
    waited_for = serve(PIPE_TYPE_BYTE, 1);
    EXPECT(WaitNamedPipeA(NAME, 10));
    HANDLE client = open();
    EXPECT_ERROR(WaitNamedPipeA(NAME, 30), ERROR_SEM_TIMEOUT);
    DWORD ticks = GetTickCount();
    EXPECT_ERROR(WaitNamedPipeA(NAME, NMPWAIT_USE_DEFAULT_WAIT), ERROR_SEM_TIMEOUT);
    EXPECT(GetTickCount() - ticks >= 90);
    HANDLE thread = CreateThread(NULL, 0, connect, NULL, 0, NULL);
    if (thread != NULL) {
        EXPECT(WaitNamedPipeA(NAME, 20000));
        HANDLE second = open();
        EXPECT(second != INVALID_HANDLE_VALUE);
        EXPECT_EQUAL(WaitForSingleObject(thread, 20000), WAIT_OBJECT_0);
        DWORD code = 0;
        EXPECT(GetExitCodeThread(thread, &code) && CloseHandle(thread));
        EXPECT_EQUAL(code, 42);
        EXPECT_EQUAL(send(waited_for, "x", 1), 1);
        EXPECT_EQUAL(receive(second, 9), 1);
        EXPECT(CloseHandle(second));
    }
    EXPECT_ERROR(WaitNamedPipeA("C:\\x", 10), ERROR_PATH_NOT_FOUND);
    EXPECT(CloseHandle(client) && CloseHandle(waited_for));
}

// Answers each question with itself and its length.
static DWORD WINAPI answer(void *server)
{
    char question[16];
    DWORD count = 0;
    for (int index = 0; index < 3; index++) {
        ConnectNamedPipe(server, NULL);
        while (ReadFile(server, question, sizeof question - 1, &count, NULL)) {
            question[count] = (char)('0' + count);
            if (!WriteFile(server, question, count + 1, &count, NULL))
                return 1;
        }
        DisconnectNamedPipe(server);
    }
    return 42;
}

static void questions(void)
{
    DWORD count = 99, mode = PIPE_READMODE_MESSAGE;
    HANDLE server = serve(PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, 1), client = open();
    EXPECT_ERROR(TransactNamedPipe(client, "abc", 3, text, 9, &count, NULL), ERROR_BAD_PIPE);
    EXPECT(SetNamedPipeHandleState(client, &mode, NULL, NULL));
    EXPECT_EQUAL(send(server, "old", 3), 3);
    EXPECT_ERROR(TransactNamedPipe(client, "abc", 3, text, 9, &count, NULL), ERROR_PIPE_BUSY);
    EXPECT_EQUAL(receive(client, 9), 3);
    HANDLE thread = CreateThread(NULL, 0, answer, server, 0, NULL);
    if (thread != NULL) {
        EXPECT(TransactNamedPipe(client, "abc", 3, text, 9, &count, NULL));
        EXPECT(count == 4 && text_is("abc3", 4));
        EXPECT_ERROR(TransactNamedPipe(client, "defgh", 5, text, 2, &count, NULL), ERROR_MORE_DATA);
        EXPECT(count == 2 && text_is("de", 2));
        EXPECT_EQUAL(receive(client, 9), 4);
        EXPECT(CloseHandle(client));
        EXPECT(CallNamedPipeA(NAME, "hello", 5, text, 9, &count, 20000));
        EXPECT(count == 6 && text_is("hello5", 6));
        EXPECT_ERROR(CallNamedPipeA(NAME, "hello", 5, text, 3, &count, 20000), ERROR_MORE_DATA);
        EXPECT_EQUAL(count, 3);
        EXPECT_EQUAL(WaitForSingleObject(thread, 20000), WAIT_OBJECT_0);
        EXPECT(GetExitCodeThread(thread, &count) && CloseHandle(thread));
        EXPECT_EQUAL(count, 42);
    }
    EXPECT(CloseHandle(server));
    EXPECT_ERROR(CallNamedPipeA(NAME, "x", 1, text, 9, &count, NMPWAIT_NOWAIT), ERROR_FILE_NOT_FOUND);
}

static void test(void)
{
    both_ways();
    messages();
    instances();
    waiting();
    questions();
    SetLastError(0);
    EXPECT(is_none(serve(PIPE_TYPE_BYTE, 0)) && GetLastError() == ERROR_INVALID_PARAMETER);
    EXPECT(is_none(serve(PIPE_TYPE_BYTE | PIPE_READMODE_MESSAGE, 1)) && GetLastError() == ERROR_INVALID_PARAMETER);
}
