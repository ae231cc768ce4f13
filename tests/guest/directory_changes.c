// Watching folders: what is told of names, sizes, times and attributes, to handles that wait and to reads that complete later; what is kept between
// two reads, and what is lost; reads that are given up.
// expect: exit 0

#include "process.h"

#define PENDING_STATUS 0x103
#define CLEANED_UP 0x10B
#define ENUMERATE 0x10C
#define IS_CANCELLED 0xC0000120
#define IS_GOING 0xC0000056

#define NAMES (FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_DIR_NAME)

NTSTATUS NTAPI NtNotifyChangeDirectoryFile(HANDLE file, HANDLE event, PVOID routine, PVOID context, PVOID status, PVOID buffer, ULONG length, ULONG filter, BOOLEAN tree);

static DWORD text[256];
static char shown[600];
static OVERLAPPED over;
static HANDLE event;

static HANDLE open_folder(const char *path, DWORD flags)
{
    HANDLE folder = CreateFileA(path, FILE_LIST_DIRECTORY, 7, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | flags, NULL);
    EXPECT(folder != INVALID_HANDLE_VALUE);
    return folder;
}

static void make(const char *path)
{
    HANDLE file = CreateFileA(path, GENERIC_WRITE, 7, NULL, CREATE_NEW, 0, NULL);
    EXPECT(file != INVALID_HANDLE_VALUE && CloseHandle(file));
}

// Has changes told in `text` when there are some.
static void ask(HANDLE folder, DWORD length, BOOL tree, DWORD filter)
{
    fill((char *)text, sizeof text, 0);
    fill((char *)&over, sizeof over, 0);
    over.hEvent = event;
    over.InternalHigh = 77;
    EXPECT(ReadDirectoryChangesW(folder, text, length, tree, filter, NULL, &over, NULL));
}

// What was told: a letter for each action, the name, a semicolon.
static BOOL told(const char *expected)
{
    DWORD at = 0, place = 0;
    shown[0] = 0;
    if (WaitForSingleObject(event, 100) != WAIT_OBJECT_0 || over.InternalHigh == 0 || over.Internal != 0) {
        put("nothing: ");
        put_hex(over.Internal);
        put("\n");
        return FALSE;
    }
    for (;;) {
        FILE_NOTIFY_INFORMATION *record = (void *)((char *)text + at);
        shown[place++] = "?+-*<>"[record->Action < 6 ? record->Action : 0];
        for (DWORD unit = 0; unit < record->FileNameLength / 2; unit++)
            shown[place++] = (char)record->FileName[unit];
        shown[place++] = ';';
        if (record->NextEntryOffset == 0) {
            at += 12 + record->FileNameLength;
            break;
        }
        at += record->NextEntryOffset;
    }
    shown[place] = 0;
    EXPECT_EQUAL(over.InternalHigh, at);
    if (lstrcmpA(shown, expected) == 0)
        return TRUE;
    put(shown);
    put("\n");
    return FALSE;
}

static void handles_are_set(void)
{
    HANDLE watch = FindFirstChangeNotificationA("watched", FALSE, FILE_NOTIFY_CHANGE_FILE_NAME);
    EXPECT(watch != INVALID_HANDLE_VALUE);
    EXPECT_EQUAL(WaitForSingleObject(watch, 0), WAIT_TIMEOUT);
    EXPECT(CreateDirectoryA("watched\\sub", NULL));
    make("watched\\sub\\below");
    EXPECT_EQUAL(WaitForSingleObject(watch, 0), WAIT_TIMEOUT);
    make("watched\\one");
    EXPECT_EQUAL(WaitForSingleObject(watch, 0), WAIT_OBJECT_0);
    EXPECT_EQUAL(WaitForSingleObject(watch, 0), WAIT_OBJECT_0);
    EXPECT(FindNextChangeNotification(watch));
    EXPECT_EQUAL(WaitForSingleObject(watch, 0), WAIT_TIMEOUT);
    EXPECT(DeleteFileA("watched\\one"));
    EXPECT_EQUAL(WaitForSingleObject(watch, 0), WAIT_OBJECT_0);
    // What has changed since it was set counts.
    make("watched\\two");
    EXPECT(FindNextChangeNotification(watch));
    EXPECT_EQUAL(WaitForSingleObject(watch, 0), WAIT_OBJECT_0);
    EXPECT(FindNextChangeNotification(watch));
    EXPECT_EQUAL(WaitForSingleObject(watch, 0), WAIT_TIMEOUT);
    EXPECT(FindCloseChangeNotification(watch));
    watch = FindFirstChangeNotificationW(L"watched", TRUE, FILE_NOTIFY_CHANGE_FILE_NAME);
    EXPECT(DeleteFileA("watched\\sub\\below"));
    EXPECT_EQUAL(WaitForSingleObject(watch, 0), WAIT_OBJECT_0);
    EXPECT(FindCloseChangeNotification(watch));
    EXPECT(DeleteFileA("watched\\two") && RemoveDirectoryA("watched\\sub"));
    SetLastError(0);
    EXPECT(FindFirstChangeNotificationA("nowhere", FALSE, NAMES) == INVALID_HANDLE_VALUE);
    EXPECT_EQUAL(GetLastError(), ERROR_FILE_NOT_FOUND);
    EXPECT(FindFirstChangeNotificationA("watched", FALSE, 0) == INVALID_HANDLE_VALUE);
    EXPECT_EQUAL(GetLastError(), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(FindNextChangeNotification(NULL), ERROR_INVALID_HANDLE);
}

static void names_are_told(void)
{
    HANDLE folder = open_folder("watched", FILE_FLAG_OVERLAPPED);
    DWORD bytes = 0;
    ask(folder, sizeof text, FALSE, NAMES);
    EXPECT_EQUAL(over.Internal, PENDING_STATUS);
    EXPECT_EQUAL(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    EXPECT_ERROR(GetOverlappedResult(folder, &over, &bytes, FALSE), ERROR_IO_INCOMPLETE);
    make("watched\\A long name.text");
    EXPECT(told("+A long name.text;"));
    EXPECT(GetOverlappedResult(folder, &over, &bytes, FALSE));
    EXPECT_EQUAL(bytes, 12 + 2 * 16);
    // Kept until the next read, which completes at once.
    EXPECT(MoveFileA("watched\\A long name.text", "watched\\x"));
    EXPECT(CreateDirectoryA("watched\\dir", NULL));
    ask(folder, sizeof text, FALSE, NAMES);
    EXPECT(told("<A long name.text;>x;+dir;"));
    ask(folder, sizeof text, FALSE, NAMES);
    EXPECT(MoveFileA("watched\\x", "watched\\y"));
    EXPECT(told("<x;>y;"));
    ask(folder, sizeof text, FALSE, NAMES);
    EXPECT(MoveFileA("watched\\y", "watched\\dir\\y"));
    EXPECT(told("-y;"));
    ask(folder, sizeof text, FALSE, NAMES);
    EXPECT(MoveFileA("watched\\dir\\y", "watched\\back"));
    EXPECT(told("+back;"));
    make("watched\\late");
    EXPECT(DeleteFileA("watched\\late") && DeleteFileA("watched\\back") && RemoveDirectoryA("watched\\dir"));
    ask(folder, sizeof text, FALSE, NAMES);
    EXPECT(told("+late;-late;-back;-dir;"));
    EXPECT(CloseHandle(folder));
}

static void the_first_read_says_what_is_watched(void)
{
    HANDLE folder = open_folder("watched", FILE_FLAG_OVERLAPPED);
    ask(folder, sizeof text, TRUE, FILE_NOTIFY_CHANGE_DIR_NAME);
    make("watched\\file");
    EXPECT_EQUAL(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    EXPECT(CreateDirectoryA("watched\\dir", NULL));
    EXPECT(told("+dir;"));
    ask(folder, sizeof text, FALSE, FILE_NOTIFY_CHANGE_FILE_NAME);
    EXPECT(DeleteFileA("watched\\file"));
    EXPECT_EQUAL(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    EXPECT(CreateDirectoryA("watched\\dir\\below", NULL));
    EXPECT(told("+dir\\below;"));
    EXPECT(RemoveDirectoryA("watched\\dir\\below") && RemoveDirectoryA("watched\\dir"));
    EXPECT(CloseHandle(folder));
}

static void what_is_written_is_told_when_it_is_closed_or_flushed(void)
{
    HANDLE folder = open_folder("watched", FILE_FLAG_OVERLAPPED), file;
    FILETIME time = {0, 0x01C00000};
    DWORD done;
    ask(folder, sizeof text, FALSE, FILE_NOTIFY_CHANGE_SIZE | FILE_NOTIFY_CHANGE_ATTRIBUTES | FILE_NOTIFY_CHANGE_CREATION);
    file = CreateFileA("watched\\data", GENERIC_WRITE, 7, NULL, CREATE_NEW, 0, NULL);
    EXPECT(WriteFile(file, "12345", 5, &done, NULL));
    EXPECT_EQUAL(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    EXPECT(FlushFileBuffers(file));
    EXPECT(told("*data;"));
    ask(folder, sizeof text, FALSE, NAMES);
    EXPECT(SetFilePointer(file, 0, NULL, FILE_BEGIN) == 0 && WriteFile(file, "abc", 3, &done, NULL) && CloseHandle(file));
    EXPECT_EQUAL(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    EXPECT(SetFileAttributesA("watched\\data", FILE_ATTRIBUTE_HIDDEN));
    EXPECT(told("*data;"));
    ask(folder, sizeof text, FALSE, NAMES);
    file = CreateFileA("watched\\data", GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL);
    EXPECT(SetFileTime(file, NULL, &time, NULL));
    EXPECT_EQUAL(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    EXPECT(SetFileTime(file, &time, NULL, NULL));
    EXPECT(told("*data;"));
    EXPECT(SetEndOfFile(file));
    ask(folder, sizeof text, FALSE, NAMES);
    EXPECT(told("*data;"));
    EXPECT(CloseHandle(file) && CloseHandle(folder));
    folder = open_folder("watched", FILE_FLAG_OVERLAPPED);
    ask(folder, sizeof text, FALSE, FILE_NOTIFY_CHANGE_LAST_WRITE);
    file = CreateFileA("watched\\data", GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL);
    EXPECT(WriteFile(file, "12345", 5, &done, NULL));
    EXPECT(CloseHandle(file));
    EXPECT(told("*data;"));
    EXPECT(DeleteFileA("watched\\data") && CloseHandle(folder));
}

static void too_much_is_lost(void)
{
    HANDLE folder = open_folder("watched", FILE_FLAG_OVERLAPPED);
    DWORD bytes = 7;
    ask(folder, 40, FALSE, NAMES);
    make("watched\\a name of 16 c");
    EXPECT(told("+a name of 16 c;"));
    make("watched\\a name of sixteen");
    ask(folder, 40, FALSE, NAMES);
    EXPECT_EQUAL(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
    EXPECT(over.Internal == ENUMERATE && over.InternalHigh == 0);
    EXPECT(GetOverlappedResult(folder, &over, &bytes, FALSE) && bytes == 0);
    // After that all is as before.
    ask(folder, 40, FALSE, NAMES);
    make("watched\\b");
    EXPECT(told("+b;"));
    // Kept, but this read has no room for it.
    EXPECT(DeleteFileA("watched\\b"));
    ask(folder, 4, FALSE, NAMES);
    EXPECT(over.Internal == ENUMERATE && over.InternalHigh == 0);
    EXPECT(DeleteFileA("watched\\a name of 16 c") && DeleteFileA("watched\\a name of sixteen"));
    EXPECT(CloseHandle(folder));
}

static DWORD WINAPI ask_and_end(void *folder)
{
    ask(folder, sizeof text, FALSE, NAMES);
    return 0;
}

static void reads_are_given_up(void)
{
    HANDLE folder = open_folder("watched", FILE_FLAG_OVERLAPPED), thread;
    DWORD bytes = 7;
    ask(folder, sizeof text, FALSE, NAMES);
    EXPECT(CancelIo(folder));
    EXPECT_EQUAL(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
    EXPECT_EQUAL(over.Internal, IS_CANCELLED);
    EXPECT_ERROR(GetOverlappedResult(folder, &over, &bytes, FALSE), ERROR_OPERATION_ABORTED);
    EXPECT(CancelIo(folder));
    thread = CreateThread(NULL, 0, ask_and_end, folder, 0, NULL);
    EXPECT_EQUAL(WaitForSingleObject(thread, 5000), WAIT_OBJECT_0);
    EXPECT_EQUAL(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
    EXPECT_EQUAL(over.Internal, IS_CANCELLED);
    EXPECT(CloseHandle(thread));
    ask(folder, sizeof text, FALSE, NAMES);
    EXPECT(CloseHandle(folder));
    EXPECT_EQUAL(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
    EXPECT(over.Internal == CLEANED_UP && over.InternalHigh == 0);
    // A folder that is to be deleted.
    EXPECT(CreateDirectoryA("watched\\going", NULL));
    folder = open_folder("watched\\going", FILE_FLAG_OVERLAPPED);
    ask(folder, sizeof text, FALSE, NAMES);
    EXPECT(RemoveDirectoryA("watched\\going"));
    EXPECT_EQUAL(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
    EXPECT_EQUAL(over.Internal, IS_GOING);
    EXPECT_EQUAL(NtNotifyChangeDirectoryFile(folder, NULL, NULL, NULL, &over, text, sizeof text, NAMES, FALSE), IS_GOING);
    EXPECT(CloseHandle(folder));
}

static DWORD calls, call_error, call_bytes;

static void CALLBACK routine(DWORD error, DWORD bytes, OVERLAPPED *overlapped)
{
    EXPECT(overlapped == &over);
    calls++;
    call_error = error;
    call_bytes = bytes;
}

// Until it is there: somebody waits for it.
static DWORD WINAPI make_soon(void *path)
{
    HANDLE file = INVALID_HANDLE_VALUE;
    for (int tries = 0; tries < 100 && file == INVALID_HANDLE_VALUE; tries++) {
        Sleep(50);
        file = CreateFileA(path, GENERIC_WRITE, 7, NULL, CREATE_ALWAYS, 0, NULL);
    }
    CloseHandle(file);
    return 0;
}

static void routines_ports_and_waits(void)
{
    HANDLE folder = open_folder("watched", FILE_FLAG_OVERLAPPED), port, thread;
    DWORD bytes = 0;
    ULONG_PTR key = 0;
    OVERLAPPED *found = NULL;
    fill((char *)&over, sizeof over, 0);
    EXPECT(ReadDirectoryChangesW(folder, text, sizeof text, FALSE, NAMES, NULL, &over, routine));
    EXPECT_EQUAL(SleepEx(0, TRUE), 0);
    make("watched\\r");
    EXPECT_EQUAL(calls, 0);
    EXPECT_EQUAL(SleepEx(1000, TRUE), WAIT_IO_COMPLETION);
    EXPECT(calls == 1 && call_error == 0 && call_bytes == 14);
    port = CreateIoCompletionPort(folder, NULL, 5, 1);
    EXPECT(port != NULL);
    fill((char *)&over, sizeof over, 0);
    EXPECT(ReadDirectoryChangesW(folder, text, sizeof text, FALSE, NAMES, NULL, &over, NULL) || GetLastError() == ERROR_IO_PENDING);
    EXPECT(DeleteFileA("watched\\r"));
    EXPECT(GetQueuedCompletionStatus(port, &bytes, &key, &found, 5000));
    EXPECT(bytes == 14 && key == 5 && found == &over);
    EXPECT(CloseHandle(port) && CloseHandle(folder));
    folder = open_folder("watched", 0);
    thread = CreateThread(NULL, 0, make_soon, "watched\\soon", 0, NULL);
    EXPECT(thread != NULL);
    if (thread != NULL) {
        EXPECT(ReadDirectoryChangesW(folder, text, sizeof text, FALSE, NAMES, &bytes, NULL, NULL));
        EXPECT_EQUAL(bytes, 12 + 2 * 4);
        EXPECT_EQUAL(WaitForSingleObject(thread, 5000), WAIT_OBJECT_0);
        EXPECT(CloseHandle(thread));
    }
    EXPECT(DeleteFileA("watched\\soon") && CloseHandle(folder));
}

static void another_process_tells(void)
{
    HANDLE folder = open_folder("watched", FILE_FLAG_OVERLAPPED);
    ask(folder, sizeof text, FALSE, NAMES);
    EXPECT_EQUAL(run("directory_changes.exe child"), 0);
    EXPECT(told("+child;"));
    ask(folder, sizeof text, FALSE, NAMES);
    EXPECT(told("-child;"));
    EXPECT(CloseHandle(folder));
}

static void what_is_refused(void)
{
    HANDLE folder = open_folder("watched", FILE_FLAG_OVERLAPPED), file;
    EXPECT_ERROR(ReadDirectoryChangesW(folder, text, sizeof text, FALSE, 0, NULL, &over, NULL), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(ReadDirectoryChangesW(folder, text, sizeof text, FALSE, 0x1000, NULL, &over, NULL), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(NtNotifyChangeDirectoryFile(folder, NULL, NULL, NULL, &over, (PVOID)0x1000, 64, NAMES, FALSE), VIOLATION);
    EXPECT_EQUAL(NtNotifyChangeDirectoryFile(folder, NULL, NULL, NULL, &over, (PVOID)0x80001000, 64, NAMES, FALSE), VIOLATION);
    EXPECT_EQUAL(NtNotifyChangeDirectoryFile(folder, NULL, NULL, NULL, &over, text, 0xFFFFFFF0, NAMES, FALSE), VIOLATION);
    EXPECT_EQUAL(NtNotifyChangeDirectoryFile(folder, NULL, NULL, NULL, NULL, text, 64, NAMES, FALSE), VIOLATION);
    EXPECT_EQUAL(NtNotifyChangeDirectoryFile(folder, folder, NULL, NULL, &over, text, 64, NAMES, FALSE), 0xC0000024);
    EXPECT_EQUAL(NtNotifyChangeDirectoryFile(NULL, NULL, NULL, NULL, &over, text, 64, NAMES, FALSE), BAD_HANDLE);
    // Nothing of that watches.
    make("watched\\none");
    ask(folder, sizeof text, FALSE, NAMES);
    EXPECT_EQUAL(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    file = CreateFileA("watched\\none", GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
    EXPECT_EQUAL(NtNotifyChangeDirectoryFile(file, NULL, NULL, NULL, &over, text, 64, NAMES, FALSE), BAD_PARAMETER);
    EXPECT(CloseHandle(file) && DeleteFileA("watched\\none"));
    // The buffer goes before there is something to tell.
    EXPECT(told("-none;"));
    char *gone = commit(PAGE);
    fill((char *)&over, sizeof over, 0);
    EXPECT_EQUAL(NtNotifyChangeDirectoryFile(folder, event, NULL, NULL, &over, gone, PAGE, NAMES, FALSE), PENDING_STATUS);
    EXPECT(VirtualFree(gone, 0, MEM_RELEASE));
    make("watched\\none");
    EXPECT_EQUAL(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
    EXPECT(DeleteFileA("watched\\none") && CloseHandle(folder));
    folder = CreateFileA("watched", FILE_READ_ATTRIBUTES, 7, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    EXPECT_EQUAL(NtNotifyChangeDirectoryFile(folder, NULL, NULL, NULL, &over, text, 64, NAMES, FALSE), 0xC0000022);
    EXPECT(CloseHandle(folder));
}

static void test(void)
{
    const char *line = GetCommandLineA();
    DWORD length = length_of(line);
    if (length > 5 && lstrcmpA(line + length - 5, "child") == 0) {
        make("watched\\child");
        EXPECT(DeleteFileA("watched\\child"));
        return;
    }
    event = CreateEventA(NULL, TRUE, FALSE, NULL);
    if (event == NULL || !CreateDirectoryA("watched", NULL)) {
        failures++;
        return;
    }
    handles_are_set();
    names_are_told();
    the_first_read_says_what_is_watched();
    what_is_written_is_told_when_it_is_closed_or_flushed();
    too_much_is_lost();
    reads_are_given_up();
    routines_ports_and_waits();
    another_process_tells();
    what_is_refused();
    EXPECT(RemoveDirectoryA("watched"));
    EXPECT(CloseHandle(event));
}
