// Files are found through the name space: by the names of their devices, by links, from open directories on; with XP's statuses.
// expect: exit 0
#include "names.h"

enum {
    INVALID_REQUEST = (int)0xC0000010,
    END_REACHED = (int)0xC0000011,
    NO_DIRECTORY = (int)0xC0000103,
    NO_DELETION = (int)0xC0000121,
    OTHER_DEVICE = (int)0xC00000D4,
};
enum { READ = 0x100081, WRITE = 0x100002, SYNCHRONOUS = 0x20, DIRECTORY = 0x21 };

NTSTATUS NTAPI NtOpenFile(HANDLE *file, ULONG access, const void *attributes, void *status, ULONG share, ULONG options);
NTSTATUS NTAPI NtCreateFile(HANDLE *file, ULONG access, const void *attributes, void *status, void *size, ULONG file_attributes,
                            ULONG share, ULONG disposition, ULONG options, void *extended, ULONG length);
NTSTATUS NTAPI NtDeleteFile(const void *attributes);
NTSTATUS NTAPI NtQueryAttributesFile(const void *attributes, void *information);
NTSTATUS NTAPI NtQueryFullAttributesFile(const void *attributes, void *information);
NTSTATUS NTAPI NtQueryInformationFile(HANDLE file, void *status, void *buffer, ULONG length, ULONG class);
NTSTATUS NTAPI NtSetInformationFile(HANDLE file, void *status, void *buffer, ULONG length, ULONG class);
NTSTATUS NTAPI NtQueryVolumeInformationFile(HANDLE file, void *status, void *buffer, ULONG length, ULONG class);
NTSTATUS NTAPI NtReadFile(HANDLE file, HANDLE event, void *routine, void *context, void *status, void *buffer, ULONG length,
                          const LONGLONG *offset, ULONG *key);
NTSTATUS NTAPI NtWriteFile(HANDLE file, HANDLE event, void *routine, void *context, void *status, const void *buffer,
                           ULONG length, const LONGLONG *offset, ULONG *key);
NTSTATUS NTAPI NtFlushBuffersFile(HANDLE file, void *status);

static DWORD status[2];

static NTSTATUS open_with(HANDLE root, const WCHAR *name, ULONG access, ULONG options)
{
    return NtOpenFile(&last, access, named(root, name, 0), status, 7, options);
}

static NTSTATUS open_file(HANDLE root, const WCHAR *name)
{
    return open_with(root, name, READ, SYNCHRONOUS);
}

static NTSTATUS create_file(HANDLE root, const WCHAR *name, ULONG disposition, ULONG options)
{
    return NtCreateFile(&last, WRITE, named(root, name, 0), status, NULL, 0x80, 7, disposition, options, NULL, 0);
}

// The number of a file, which changes with its name.
static DWORD number_of(HANDLE file)
{
    DWORD number[2] = {0};
    EXPECT_EQUAL(NtQueryInformationFile(file, status, number, 8, 6), SUCCESS);
    return number[0];
}

// That of the file behind the handle that was opened last, which is closed.
static DWORD number_of_last(void)
{
    DWORD number = number_of(last);
    CLOSE(last);
    return number;
}

static void expect_same(int line, HANDLE root, const WCHAR *name, DWORD expected)
{
    NTSTATUS opened = open_file(root, name);
    expect_word(line, "status", opened, SUCCESS);
    if (opened == SUCCESS)
        expect_word(line, "number", number_of_last(), expected);
}
#define EXPECT_SAME(root, name, expected) expect_same(__LINE__, root, name, expected)

static void one_file_many_names(void)
{
    EXPECT(CreateDirectoryA("C:\\dir", NULL));
    EXPECT_EQUAL(create_file(NULL, L"\\??\\C:\\dir\\file", 2, SYNCHRONOUS), SUCCESS);
    DWORD file = number_of_last();
    EXPECT_SAME(NULL, L"\\??\\C:\\dir\\file", file);
    EXPECT_SAME(NULL, L"\\??\\c:\\DIR\\File", file);
    EXPECT_SAME(NULL, L"\\DosDevices\\C:\\dir\\file", file);
    EXPECT_SAME(NULL, L"\\GLOBAL??\\C:\\dir\\file", file);
    EXPECT_SAME(NULL, L"\\Device\\HarddiskVolume1\\dir\\file", file);
    EXPECT_SAME(NULL, L"\\device\\HARDDISKVOLUME1\\DIR\\FILE", file);
    EXPECT_SAME(NULL, L"\\??\\C:\\\\dir\\file", file);
    // Links made by a program: to the volume, to a directory, to a link, to the file itself.
    static const WCHAR *const targets[4] = {
        L"\\Device\\HarddiskVolume1", L"\\Device\\HarddiskVolume1\\dir", L"\\??\\C:", L"\\??\\C:\\dir\\file",
    };
    static const WCHAR *const names[4] = {
        L"\\BaseNamedObjects\\l\\dir\\file", L"\\BaseNamedObjects\\l\\file", L"\\BaseNamedObjects\\l\\dir\\file", L"\\BaseNamedObjects\\l",
    };
    for (DWORD index = 0; index < 4; index++) {
        EXPECT_EQUAL(create_link(NULL, L"\\BaseNamedObjects\\l", targets[index]), SUCCESS);
        HANDLE link = last;
        EXPECT_SAME(NULL, names[index], file);
        CLOSE(link);
    }
    EXPECT_EQUAL(open_file(NULL, L"\\BaseNamedObjects\\l\\file"), PATH_NOT_FOUND);
    // From open directories on: of objects, of the volume.
    EXPECT_EQUAL(open_directory(NULL, L"\\Device", 0), SUCCESS);
    HANDLE root = last;
    EXPECT_SAME(root, L"HarddiskVolume1\\dir\\file", file);
    EXPECT_EQUAL(open_file(root, L"\\HarddiskVolume1\\dir\\file"), PATH_SYNTAX_BAD);
    EXPECT_EQUAL(open_file(root, L""), TYPE_MISMATCH);
    CLOSE(root);
    EXPECT_EQUAL(open_with(NULL, L"\\??\\C:\\", READ, DIRECTORY), SUCCESS);
    root = last;
    EXPECT_SAME(root, L"dir\\file", file);
    EXPECT_EQUAL(open_with(root, L"dir", READ, DIRECTORY), SUCCESS);
    HANDLE directory = last;
    CLOSE(root);
    EXPECT_SAME(directory, L"FILE", file);
    EXPECT_EQUAL(open_file(directory, L"\\file"), NAME_INVALID);
    EXPECT_EQUAL(open_file(directory, L"absent"), NAME_NOT_FOUND);
    EXPECT_EQUAL(open_file(directory, L"absent\\file"), PATH_NOT_FOUND);
    EXPECT_EQUAL(open_file(directory, L"file\\"), NAME_INVALID);
    EXPECT_EQUAL(create_file(directory, L"made", 2, SYNCHRONOUS), SUCCESS);
    DWORD made = number_of_last();
    EXPECT_SAME(NULL, L"\\??\\C:\\dir\\made", made);
    EXPECT_EQUAL(NtQueryFullAttributesFile(named(directory, L"made", 0), (BYTE[56]){0}), SUCCESS);
    EXPECT_EQUAL(NtDeleteFile(named(directory, L"made", 0)), SUCCESS);
    EXPECT_EQUAL(open_file(directory, L"made"), NAME_NOT_FOUND);
    // An empty name opens the directory, or the file, itself once more.
    EXPECT_EQUAL(open_with(directory, L"", READ, DIRECTORY), SUCCESS);
    CLOSE(last);
    EXPECT_SAME(directory, L"file", file);
    EXPECT_EQUAL(open_file(directory, L"file"), SUCCESS);
    HANDLE opened = last;
    EXPECT_SAME(opened, L"", file);
    EXPECT_EQUAL(open_file(opened, L"x"), PATH_NOT_FOUND);
    CLOSE(opened);
    CLOSE(directory);
}

static void refusals(void)
{
    static const struct { const WCHAR *name; NTSTATUS status; } table[] = {
        {L"", PATH_SYNTAX_BAD},
        {L"C:\\dir\\file", PATH_SYNTAX_BAD},
        {L"dir", PATH_SYNTAX_BAD},
        {L"\\", TYPE_MISMATCH},
        {L"\\Device", TYPE_MISMATCH},
        {L"\\??", TYPE_MISMATCH},
        {L"\\??\\", NAME_INVALID},
        {L"\\Device\\", NAME_INVALID},
        {L"\\Device\\\\Null", NAME_INVALID},
        {L"\\absent", NAME_NOT_FOUND},
        {L"\\absent\\x", PATH_NOT_FOUND},
        {L"\\Device\\HarddiskVolume2", NAME_NOT_FOUND},
        {L"\\Device\\HarddiskVolume10\\dir", PATH_NOT_FOUND},
        {L"\\??\\Z:", NAME_NOT_FOUND},
        {L"\\??\\Z:\\dir", PATH_NOT_FOUND},
        {L"\\??\\C:dir", NAME_NOT_FOUND},
        {L"\\??\\COM1", NAME_NOT_FOUND},
        {L"\\BaseNamedObjects\\device_event", TYPE_MISMATCH},
        {L"\\BaseNamedObjects\\device_event\\x", TYPE_MISMATCH},
        {L"\\??\\C:\\absent", NAME_NOT_FOUND},
        {L"\\??\\C:\\absent\\x", PATH_NOT_FOUND},
        {L"\\??\\C:\\dir\\file\\x", PATH_NOT_FOUND},
        {L"\\??\\C:\\\\\\dir", NAME_INVALID},
        {L"\\??\\C:\\dir\\\\file", NAME_INVALID},
        {L"\\??\\C:\\dir\\fi*le", NAME_INVALID},
        {L"\\Device\\HarddiskVolume1\\dir\\file\\", NAME_INVALID},
        {L"\\Device\\ConDrv\\absent", NAME_NOT_FOUND},
        {L"\\??\\pipe\\absent", NAME_NOT_FOUND},
    };
    EXPECT_EQUAL(create_event(NULL, L"\\BaseNamedObjects\\device_event", 0), SUCCESS);
    HANDLE event = last;
    for (DWORD index = 0; index < sizeof table / sizeof *table; index++) {
        NTSTATUS opened = open_file(NULL, table[index].name);
        if (opened != table[index].status)
            expect_word(1000 + (int)index, "status", opened, table[index].status);
    }
    EXPECT_EQUAL(open_file(event, L"x"), BAD_HANDLE);
    EXPECT_EQUAL(open_file((HANDLE)0xDEAC, L"x"), BAD_HANDLE);
    EXPECT_EQUAL(create_file(NULL, L"\\absent", 2, SYNCHRONOUS), NAME_NOT_FOUND);
    EXPECT_EQUAL(create_file(NULL, L"\\??\\C:\\dir\\file", 2, SYNCHRONOUS), NAME_COLLISION);
    // What is wrong with the request comes before what is wrong with the name.
    EXPECT_EQUAL(create_file(NULL, L"\\absent", 6, SYNCHRONOUS), BAD_PARAMETER);
    EXPECT_EQUAL(NtOpenFile(&last, READ, NULL, status, 7, SYNCHRONOUS), BAD_PARAMETER);
    // Other services have no use for files.
    EXPECT_EQUAL(create_event(NULL, L"\\??\\C:\\event", 0), TYPE_MISMATCH);
    EXPECT_EQUAL(open_event(NULL, L"\\Device\\HarddiskVolume1\\dir", 0), TYPE_MISMATCH);
    EXPECT_EQUAL(open_link(NULL, L"\\Device\\Null", 0), TYPE_MISMATCH);
    EXPECT_EQUAL(open_directory(NULL, L"\\Device\\Null", 0), TYPE_MISMATCH);
    EXPECT_EQUAL(create_link(NULL, L"\\Device\\Null\\x", L"\\"), TYPE_MISMATCH);
    CLOSE(event);
}

static void null_device(void)
{
    char bytes[16] = "0123456789abcde";
    DWORD words[14];
    LONGLONG start = 0;
    static const WCHAR *const names[] = {L"\\Device\\Null", L"\\??\\NUL", L"\\DosDevices\\nul", L"\\Device\\Null\\what\\ever"};
    for (DWORD index = 0; index < 4; index++) {
        EXPECT_EQUAL(open_file(NULL, names[index]), SUCCESS);
        CLOSE(last);
    }
    EXPECT_EQUAL(open_with(NULL, L"\\Device\\Null", READ, DIRECTORY), SUCCESS);
    CLOSE(last);
    EXPECT_EQUAL(open_with(NULL, L"\\Device\\Null", 0x83, 0), SUCCESS);
    HANDLE null = last;
    EXPECT_EQUAL(NtReadFile(null, NULL, NULL, NULL, status, bytes, 16, NULL, NULL), BAD_PARAMETER);
    EXPECT_EQUAL(NtWriteFile(null, NULL, NULL, NULL, status, bytes, 16, NULL, NULL), BAD_PARAMETER);
    EXPECT_EQUAL(NtReadFile(null, NULL, NULL, NULL, status, bytes, 16, &start, NULL), END_REACHED);
    EXPECT_EQUAL(NtWriteFile(null, NULL, NULL, NULL, status, bytes, 16, &start, NULL), SUCCESS);
    EXPECT_EQUAL(status[1], 16);
    EXPECT_EQUAL(bytes[0], '0');
    EXPECT_EQUAL(NtFlushBuffersFile(null, status), INVALID_REQUEST);
    EXPECT_EQUAL(NtQueryInformationFile(null, status, words, 24, 5), SUCCESS);
    EXPECT(words[0] == 0 && words[2] == 0 && words[4] == 1 && words[5] == 0);
    EXPECT_EQUAL(NtQueryInformationFile(null, status, words, 4, 8), SUCCESS);
    EXPECT_EQUAL(words[0], 0x83);
    EXPECT_EQUAL(NtQueryInformationFile(null, status, words, 40, 4), BAD_PARAMETER);
    EXPECT_EQUAL(NtQueryVolumeInformationFile(null, status, words, 8, 4), SUCCESS);
    EXPECT(words[0] == 0x15 && words[1] == 0);
    EXPECT_EQUAL(NtQueryVolumeInformationFile(null, status, words, 24, 3), INVALID_REQUEST);
    EXPECT_EQUAL(NtSetInformationFile(null, status, words, 8, 20), INVALID_REQUEST);
    CLOSE(null);
    EXPECT_EQUAL(NtQueryAttributesFile(named(NULL, L"\\??\\NUL", 0), words), INVALID_REQUEST);
}

// A volume answers what volumes are asked for, and has no data of its own here.
static void volume(void)
{
    DWORD words[16];
    static const WCHAR *const names[] = {L"\\??\\C:", L"\\Device\\HarddiskVolume1"};
    for (DWORD index = 0; index < 2; index++) {
        EXPECT_EQUAL(open_file(NULL, names[index]), SUCCESS);
        EXPECT_EQUAL(status[1], 1);
        EXPECT_EQUAL(NtQueryVolumeInformationFile(last, status, words, 24, 3), SUCCESS);
        EXPECT(words[0] != 0 && words[2] != 0 && words[5] == 512);
        EXPECT_EQUAL(NtQueryVolumeInformationFile(last, status, words, 8, 4), SUCCESS);
        EXPECT_EQUAL(words[0], 7);
        EXPECT_EQUAL(NtQueryVolumeInformationFile(last, status, words, 64, 1), SUCCESS);
        EXPECT_EQUAL(NtQueryInformationFile(last, status, words, 40, 4), BAD_PARAMETER);
        EXPECT_EQUAL(NtQueryInformationFile(last, status, words, 8, 14), SUCCESS);
        EXPECT_EQUAL(NtReadFile(last, NULL, NULL, NULL, status, words, 16, NULL, NULL), INVALID_REQUEST);
        EXPECT_EQUAL(open_file(last, L"dir"), PATH_NOT_FOUND);
        CLOSE(last);
    }
    EXPECT_EQUAL(open_with(NULL, L"\\??\\C:", READ, DIRECTORY), NO_DIRECTORY);
    EXPECT_EQUAL(open_with(NULL, L"\\??\\C:", 0x110000, 0x1020), NO_DELETION);
    EXPECT_EQUAL(create_file(NULL, L"\\??\\C:", 2, SYNCHRONOUS), DENIED);
    EXPECT_EQUAL(create_file(NULL, L"\\??\\C:", 3, SYNCHRONOUS), SUCCESS);
    EXPECT_EQUAL(NtFlushBuffersFile(last, status), SUCCESS);
    CLOSE(last);
    EXPECT_EQUAL(NtDeleteFile(named(NULL, L"\\??\\C:", 0)), NO_DELETION);
    EXPECT_EQUAL(NtQueryAttributesFile(named(NULL, L"\\??\\C:", 0), words), BAD_PARAMETER);
}

static void console_and_pipes(void)
{
    DWORD words[2];
    static const WCHAR *const consoles[] = {
        L"\\??\\CONIN$", L"\\??\\conout$", L"\\??\\CON", L"\\Device\\ConDrv\\CurrentIn", L"\\Device\\ConDrv\\Console",
    };
    for (DWORD index = 0; index < 5; index++) {
        EXPECT_EQUAL(open_file(NULL, consoles[index]), SUCCESS);
        EXPECT_EQUAL(NtQueryVolumeInformationFile(last, status, words, 8, 4), SUCCESS);
        EXPECT_EQUAL(words[0], 0x50);
        CLOSE(last);
    }
    // The side that is written is the output.
    EXPECT_EQUAL(open_with(NULL, L"\\??\\CON", 0x100002, SYNCHRONOUS), SUCCESS);
    EXPECT_EQUAL(NtReadFile(last, NULL, NULL, NULL, status, words, 1, NULL, NULL), DENIED);
    CLOSE(last);
    static const WCHAR *const pipes[] = {L"\\Device\\NamedPipe", L"\\??\\pipe", L"\\??\\PIPE\\"};
    for (DWORD index = 0; index < 3; index++) {
        EXPECT_EQUAL(open_file(NULL, pipes[index]), SUCCESS);
        EXPECT_EQUAL(NtQueryVolumeInformationFile(last, status, words, 8, 4), SUCCESS);
        EXPECT_EQUAL(words[0], 0x11);
        EXPECT_EQUAL(NtReadFile(last, NULL, NULL, NULL, status, words, 1, NULL, NULL), INVALID_REQUEST);
        EXPECT_EQUAL(open_file(last, L"absent"), NAME_NOT_FOUND);
        CLOSE(last);
    }
}

// FILE_RENAME_INFORMATION with a name of its own.
static NTSTATUS rename_to(HANDLE file, HANDLE root, const WCHAR *name)
{
    static struct { ULONG replaces; HANDLE root; ULONG length; WCHAR name[64]; } information;
    STRING string = string_of(name);
    information.root = root;
    information.length = string.length;
    for (DWORD index = 0; index < string.length / 2u; index++)
        information.name[index] = name[index];
    return NtSetInformationFile(file, status, &information, 12 + 128, 10);
}

static void renames(void)
{
    EXPECT_EQUAL(open_with(NULL, L"\\??\\C:\\dir\\file", 0x110000, SYNCHRONOUS), SUCCESS);
    HANDLE file = last;
    EXPECT_EQUAL(open_with(NULL, L"\\??\\C:\\", READ, DIRECTORY), SUCCESS);
    HANDLE root = last;
    EXPECT_EQUAL(rename_to(file, NULL, L"\\Device\\HarddiskVolume1\\dir\\second"), SUCCESS);
    EXPECT_SAME(NULL, L"\\??\\C:\\dir\\second", number_of(file));
    EXPECT_EQUAL(rename_to(file, NULL, L"third"), SUCCESS);
    EXPECT_SAME(NULL, L"\\??\\C:\\dir\\third", number_of(file));
    EXPECT_EQUAL(rename_to(file, root, L"fourth"), SUCCESS);
    EXPECT_SAME(NULL, L"\\??\\C:\\fourth", number_of(file));
    EXPECT_EQUAL(rename_to(file, NULL, L"\\??\\NUL"), OTHER_DEVICE);
    EXPECT_EQUAL(rename_to(file, NULL, L"\\??\\Z:\\x"), PATH_NOT_FOUND);
    EXPECT_EQUAL(rename_to(file, NULL, L"\\Device"), TYPE_MISMATCH);
    EXPECT_EQUAL(rename_to(file, NULL, L"\\??\\C:"), BAD_PARAMETER);
    EXPECT_EQUAL(rename_to(file, (HANDLE)0xDEAC, L"x"), BAD_HANDLE);
    EXPECT_EQUAL(rename_to(file, root, L"dir\\file"), SUCCESS);
    CLOSE(root);
    CLOSE(file);
    EXPECT(DeleteFileA("C:\\dir\\file") && RemoveDirectoryA("C:\\dir"));
}

static void test(void)
{
    one_file_many_names();
    refusals();
    null_device();
    volume();
    console_and_pipes();
    renames();
}
