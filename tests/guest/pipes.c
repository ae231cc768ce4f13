// Anonymous pipes: bytes in order, looks that take nothing, the end when the other side has gone, and refusals.
// expect: exit 0
#include "test.h"

static HANDLE reader, writer;

static DWORD send(const void *bytes, DWORD count)
{
    DWORD written = 0;
    return WriteFile(writer, bytes, count, &written, NULL) ? written : (DWORD)-1;
}

static void simple(void)
{
    char text[16] = "";
    DWORD got = 9, available = 9, left = 9;
    EXPECT(CreatePipe(&reader, &writer, NULL, 0));
    EXPECT_EQUAL(GetFileType(reader), FILE_TYPE_PIPE);
    EXPECT_EQUAL(GetFileType(writer), FILE_TYPE_PIPE);
    EXPECT(PeekNamedPipe(reader, text, sizeof text, &got, &available, &left));
    EXPECT(got == 0 && available == 0 && left == 0);
    EXPECT_EQUAL(send("abcdef", 6), 6);
    EXPECT_EQUAL(send("", 0), 0);
    EXPECT(PeekNamedPipe(reader, text, 4, &got, &available, NULL));
    EXPECT(got == 4 && available == 6 && text[3] == 'd');
    EXPECT(PeekNamedPipe(reader, NULL, 0, NULL, &available, NULL) && available == 6);
    // As much as there is, not as much as is asked for.
    EXPECT(ReadFile(reader, text, 2, &got, NULL) && got == 2 && text[0] == 'a');
    EXPECT(ReadFile(reader, text, sizeof text, &got, NULL) && got == 4 && text[0] == 'c' && text[3] == 'f');
    EXPECT_ERROR(ReadFile(writer, text, 1, &got, NULL), ERROR_ACCESS_DENIED);
    EXPECT_ERROR(WriteFile(reader, text, 1, &got, NULL), ERROR_ACCESS_DENIED);
    EXPECT_ERROR(PeekNamedPipe(writer, text, 1, &got, NULL, NULL), ERROR_ACCESS_DENIED);
    EXPECT_ERROR(PeekNamedPipe(GetProcessHeap(), text, 1, &got, NULL, NULL), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(ReadFile(reader, (PVOID)0x80000000, 1, &got, NULL), ERROR_NOACCESS);
    EXPECT_ERROR(WriteFile(writer, (PVOID)0x1000, 5, &got, NULL), ERROR_NOACCESS);
    EXPECT_ERROR(WriteFile(writer, (PVOID)0x7FFEFFFF, 5, &got, NULL), ERROR_NOACCESS);
}

// What was written before the writer went is read, then the pipe is broken; without a reader nothing is written.
static void ends(void)
{
    char byte;
    DWORD got;
    EXPECT_EQUAL(send("z", 1), 1);
    EXPECT(CloseHandle(writer));
    EXPECT(ReadFile(reader, &byte, 1, &got, NULL) && got == 1 && byte == 'z');
    EXPECT_ERROR(ReadFile(reader, &byte, 1, &got, NULL), ERROR_BROKEN_PIPE);
    EXPECT_ERROR(PeekNamedPipe(reader, NULL, 0, NULL, &got, NULL), ERROR_BROKEN_PIPE);
    EXPECT(CloseHandle(reader));
    EXPECT(CreatePipe(&reader, &writer, NULL, 100));
    EXPECT_EQUAL(send("z", 1), 1);
    EXPECT(CloseHandle(reader));
    EXPECT_ERROR(WriteFile(writer, "y", 1, &got, NULL), ERROR_NO_DATA);
    EXPECT(CloseHandle(writer));
}

enum { AMOUNT = 100000 };

static DWORD WINAPI write_much(PVOID unused)
{
    (void)unused;
    BYTE bytes[700];
    for (DWORD done = 0; done < AMOUNT;) {
        DWORD step = AMOUNT - done < sizeof bytes ? AMOUNT - done : sizeof bytes;
        for (DWORD index = 0; index < step; index++)
            bytes[index] = (BYTE)((done + index) * 7 >> 3);
        if (send(bytes, step) != step)
            return 1;
        done += step;
    }
    return CloseHandle(writer) ? 0 : 2;
}

// More than a pipe holds: the writer waits for the reader, and the reader for the writer.
static void much(void)
{
    EXPECT(CreatePipe(&reader, &writer, NULL, 0));
    HANDLE thread = CreateThread(NULL, 0, write_much, NULL, 0, NULL);
    BYTE bytes[1000];
    DWORD got, total = 0, wrong = 0, status = 9;
    while (ReadFile(reader, bytes, total % 2 ? 1000 : 333, &got, NULL)) {
        for (DWORD index = 0; index < got; index++)
            wrong += bytes[index] != (BYTE)((total + index) * 7 >> 3);
        total += got;
    }
    EXPECT_EQUAL(GetLastError(), ERROR_BROKEN_PIPE);
    EXPECT_EQUAL(total, AMOUNT);
    EXPECT_EQUAL(wrong, 0);
    EXPECT_EQUAL(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    EXPECT(GetExitCodeThread(thread, &status) && status == 0);
    EXPECT(CloseHandle(thread) && CloseHandle(reader));
}

static DWORD WINAPI read_one(PVOID unused)
{
    char byte;
    DWORD got;
    (void)unused;
    return ReadFile(reader, &byte, 1, &got, NULL) ? 1 : GetLastError();
}

// A reader that waits is woken when the last writer goes, and one that waits for ever ends with its thread.
static void woken(void)
{
    DWORD status = 0;
    EXPECT(CreatePipe(&reader, &writer, NULL, 0));
    HANDLE thread = CreateThread(NULL, 0, read_one, NULL, 0, NULL);
    EXPECT_EQUAL(WaitForSingleObject(thread, 30), WAIT_TIMEOUT);
    EXPECT(CloseHandle(writer));
    EXPECT_EQUAL(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    EXPECT(GetExitCodeThread(thread, &status) && status == ERROR_BROKEN_PIPE);
    EXPECT(CloseHandle(thread) && CloseHandle(reader));
    EXPECT(CreatePipe(&reader, &writer, NULL, 0));
    thread = CreateThread(NULL, 0, read_one, NULL, 0, NULL);
    EXPECT_EQUAL(WaitForSingleObject(thread, 30), WAIT_TIMEOUT);
    EXPECT(TerminateThread(thread, 77));
    EXPECT_EQUAL(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    EXPECT(GetExitCodeThread(thread, &status) && status == 77);
    EXPECT(CloseHandle(thread) && CloseHandle(reader) && CloseHandle(writer));
}

static void test(void)
{
    simple();
    ends();
    much();
    woken();
}
