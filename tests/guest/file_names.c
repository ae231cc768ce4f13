// Files and directories get names, lose them, and are copied; attributes and times are kept.
// expect: exit 0
#include "test.h"

static void put_file(const char *name, const char *text)
{
    DWORD done;
    HANDLE file = CreateFileA(name, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    EXPECT(file != INVALID_HANDLE_VALUE);
    EXPECT(WriteFile(file, text, length_of(text), &done, NULL) && done == length_of(text));
    EXPECT(CloseHandle(file));
}

static BOOL holds(const char *name, const char *text)
{
    char bytes[64];
    DWORD done = 0, index = 0;
    HANDLE file = CreateFileA(name, GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return FALSE;
    BOOL read = ReadFile(file, bytes, sizeof bytes, &done, NULL);
    CloseHandle(file);
    while (index < done && text[index] == bytes[index])
        index++;
    return read && index == done && text[index] == 0;
}

static void moves(void)
{
    put_file("one", "first");
    put_file("two", "second");
    EXPECT_ERROR(MoveFileA("one", "two"), ERROR_ALREADY_EXISTS);
    EXPECT(MoveFileA("one", "A much longer name than before.text"));
    EXPECT(holds("a MUCH longer NAME than before.TEXT", "first"));
    EXPECT(MoveFileExA("A much longer name than before.text", "two", MOVEFILE_REPLACE_EXISTING));
    EXPECT(holds("two", "first"));
    EXPECT_ERROR(MoveFileA("one", "three"), ERROR_FILE_NOT_FOUND);
    EXPECT_ERROR(MoveFileA("two", "nowhere\\two"), ERROR_PATH_NOT_FOUND);
    EXPECT(MoveFileW(L"two", L"\x00FC" L"ber.txt"));
    EXPECT(GetFileAttributesW(L"\x00DC" L"BER.TXT") != INVALID_FILE_ATTRIBUTES);
    EXPECT(DeleteFileW(L"\x00FC" L"ber.txt"));
}

static void directories(void)
{
    EXPECT(CreateDirectoryA("folder", NULL));
    EXPECT_ERROR(CreateDirectoryA("FOLDER", NULL), ERROR_ALREADY_EXISTS);
    EXPECT_ERROR(CreateDirectoryA("nowhere\\x", NULL), ERROR_PATH_NOT_FOUND);
    EXPECT(CreateDirectoryA("folder\\inner", NULL));
    put_file("folder\\inner\\file", "deep");
    EXPECT_ERROR(RemoveDirectoryA("folder\\inner"), ERROR_DIR_NOT_EMPTY);
    EXPECT_ERROR(RemoveDirectoryA("folder\\inner\\file"), ERROR_DIRECTORY);
    EXPECT_ERROR(MoveFileA("folder", "folder\\inner\\self"), ERROR_ACCESS_DENIED);
    EXPECT(MoveFileA("folder\\inner", "moved"));
    EXPECT(holds("moved\\file", "deep"));
    WIN32_FIND_DATAA found;
    HANDLE search = FindFirstFileA("moved\\*", &found);
    EXPECT(search != INVALID_HANDLE_VALUE && found.cFileName[0] == '.' && found.cFileName[1] == 0);
    EXPECT(FindNextFileA(search, &found) && found.cFileName[1] == '.');
    EXPECT(FindNextFileA(search, &found) && found.cFileName[0] == 'f' && found.nFileSizeLow == 4);
    EXPECT_ERROR(FindNextFileA(search, &found), ERROR_NO_MORE_FILES);
    EXPECT(FindClose(search));
    EXPECT(DeleteFileA("moved\\file") && RemoveDirectoryA("moved") && RemoveDirectoryA("folder"));
    EXPECT_ERROR(RemoveDirectoryA("folder"), ERROR_FILE_NOT_FOUND);
}

static void attributes(void)
{
    put_file("marked", "x");
    EXPECT_EQUAL(GetFileAttributesA("marked"), FILE_ATTRIBUTE_ARCHIVE);
    EXPECT(SetFileAttributesA("marked", FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN));
    EXPECT_EQUAL(GetFileAttributesA("marked"), FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN);
    EXPECT_ERROR(DeleteFileA("marked"), ERROR_ACCESS_DENIED);
    EXPECT(CreateFileA("marked", GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL) == INVALID_HANDLE_VALUE);
    EXPECT_EQUAL(GetLastError(), ERROR_ACCESS_DENIED);
    EXPECT(SetFileAttributesA("marked", FILE_ATTRIBUTE_NORMAL));
    EXPECT_EQUAL(GetFileAttributesA("marked"), FILE_ATTRIBUTE_NORMAL);
    HANDLE file = CreateFileA("marked", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    SYSTEMTIME date = {.wYear = 2001, .wMonth = 2, .wDay = 3, .wHour = 4, .wMinute = 5, .wSecond = 6, .wMilliseconds = 70};
    SYSTEMTIME back = {0};
    FILETIME time, created, accessed, written;
    EXPECT(SystemTimeToFileTime(&date, &time) && SetFileTime(file, &time, &time, &time));
    EXPECT(GetFileTime(file, &created, &accessed, &written));
    EXPECT(CompareFileTime(&created, &time) == 0);
    EXPECT(CompareFileTime(&written, &time) < 0);
    EXPECT(FileTimeToSystemTime(&accessed, &back) && back.wDay == 3 && back.wHour == 0);
    EXPECT(FileTimeToSystemTime(&written, &back) && back.wSecond == 6 && back.wMilliseconds == 0 && back.wDayOfWeek == 6);
    BY_HANDLE_FILE_INFORMATION information;
    EXPECT(GetFileInformationByHandle(file, &information));
    EXPECT(information.nFileSizeLow == 1 && information.nNumberOfLinks == 1 && information.nFileIndexLow != 0);
    EXPECT(CloseHandle(file));
    WIN32_FILE_ATTRIBUTE_DATA data;
    EXPECT(GetFileAttributesExA("marked", GetFileExInfoStandard, &data));
    EXPECT(data.nFileSizeLow == 1 && CompareFileTime(&data.ftCreationTime, &created) == 0);
    EXPECT_ERROR(GetFileAttributesExA("absent", GetFileExInfoStandard, &data), ERROR_FILE_NOT_FOUND);
    EXPECT(DeleteFileA("marked"));
}

static DWORD calls, stop_after;

static DWORD CALLBACK watch(LARGE_INTEGER size, LARGE_INTEGER done, LARGE_INTEGER stream_size, LARGE_INTEGER stream_done,
                            DWORD stream, DWORD reason, HANDLE from, HANDLE to, void *data)
{
    EXPECT(size.QuadPart == 200000 && stream_size.QuadPart == 200000 && stream == 1 && data == &calls);
    EXPECT(done.QuadPart == stream_done.QuadPart && from != to);
    EXPECT_EQUAL(reason, calls == 0 ? CALLBACK_STREAM_SWITCH : CALLBACK_CHUNK_FINISHED);
    calls++;
    return calls == stop_after ? PROGRESS_CANCEL : PROGRESS_CONTINUE;
}

static void copies(void)
{
    put_file("source", "text");
    EXPECT(CopyFileA("source", "target", TRUE));
    EXPECT(holds("target", "text"));
    EXPECT_ERROR(CopyFileA("source", "target", TRUE), ERROR_FILE_EXISTS);
    put_file("source", "other");
    EXPECT(CopyFileA("source", "target", FALSE));
    EXPECT(holds("target", "other"));
    EXPECT_ERROR(CopyFileA("absent", "target", FALSE), ERROR_FILE_NOT_FOUND);
    HANDLE file = CreateFileA("source", GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    SetFilePointer(file, 200000, NULL, FILE_BEGIN);
    EXPECT(SetEndOfFile(file) && CloseHandle(file));
    EXPECT(CopyFileExA("source", "target", watch, &calls, NULL, 0));
    EXPECT_EQUAL(calls, 5);
    calls = 0;
    stop_after = 2;
    EXPECT_ERROR(CopyFileExA("source", "target", watch, &calls, NULL, 0), ERROR_REQUEST_ABORTED);
    EXPECT_EQUAL(GetFileAttributesA("target"), INVALID_FILE_ATTRIBUTES);
    EXPECT(DeleteFileA("source"));
}

static void temporary(void)
{
    char path[MAX_PATH], name[MAX_PATH], other[MAX_PATH];
    DWORD length = GetTempPathA(sizeof path, path);
    EXPECT(length > 0 && path[length] == 0 && path[length - 1] == '\\');
    EXPECT(GetTempPathA(2, name) > 2);
    UINT number = GetTempFileNameA(path, "vadose", 0, name);
    EXPECT(number != 0 && GetFileAttributesA(name) != INVALID_FILE_ATTRIBUTES);
    EXPECT(GetTempFileNameA(path, "vad", 0, other) != number && DeleteFileA(other));
    EXPECT_EQUAL(GetTempFileNameA(path, "x", 0x1234A, other), 0x234A);
    EXPECT_ERROR(GetTempFileNameA("C:\\nowhere", "x", 0, other), ERROR_DIRECTORY);
    EXPECT(DeleteFileA(name));
}

static void test(void)
{
    moves();
    directories();
    attributes();
    copies();
    temporary();
}
