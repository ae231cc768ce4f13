// NtQueryObject tells of objects, names, types and handles, with XP's lengths and statuses; hostile buffers are refused.
// expect: exit 0
#include "names.h"

enum { OVERFLOW = (int)0x80000005, MISALIGNED = (int)0x80000002, NOT_CLOSABLE = (int)0xC0000235 };
enum { BASIC, NAME, TYPE, TYPES, FLAGS };

NTSTATUS NTAPI NtQueryObject(HANDLE object, ULONG class, void *buffer, ULONG length, ULONG *returned);
NTSTATUS NTAPI NtSetInformationObject(HANDLE object, ULONG class, const void *buffer, ULONG length);
NTSTATUS NTAPI NtDuplicateObject(HANDLE from_process, HANDLE from, HANDLE to_process, HANDLE *to, ULONG access, ULONG flags, ULONG options);

typedef struct {
    STRING name;
    ULONG objects, handles, zero[4], most_objects, most_handles, none[4], invalid_attributes, mapping[4], valid_access;
    BYTE security, counts, padding[2];
    ULONG pool_type, paged_charge, nonpaged_charge;
} TYPE_INFORMATION;

static DWORD words[0x1000];
static ULONG returned;
static const STRING *const string = (const STRING *)words;
static const TYPE_INFORMATION *const type = (const TYPE_INFORMATION *)words;

static NTSTATUS ask(HANDLE object, ULONG class, ULONG length)
{
    returned = 0xDEADBEEF;
    for (DWORD index = 0; index < sizeof words / sizeof *words; index++)
        words[index] = 0xAAAAAAAA;
    return NtQueryObject(object, class, words, length, &returned);
}

static BOOL same(const STRING *one, const WCHAR *other)
{
    DWORD index = 0;
    while (index < one->length / 2u && one->buffer[index] == other[index])
        index++;
    return index == one->length / 2u && other[index] == 0;
}

static void expect_name(int line, HANDLE object, const WCHAR *name)
{
    STRING expected = string_of(name);
    expect_word(line, "status", ask(object, NAME, sizeof words), SUCCESS);
    expect_word(line, "name", same(string, name), TRUE);
    if (expected.length != 0) {
        expect_word(line, "maximum", string->maximum, expected.maximum);
        expect_word(line, "buffer", (DWORD)string->buffer, (DWORD)(words + 2));
        expect_word(line, "zero", string->buffer[expected.length / 2], 0);
        expect_word(line, "returned", returned, 8 + expected.maximum);
    } else {
        expect_word(line, "string", words[0] | words[1], 0);
        expect_word(line, "returned", returned, 8);
    }
}
#define EXPECT_NAME(object, name) expect_name(__LINE__, object, name)

static void expect_type(int line, HANDLE object, const WCHAR *name)
{
    ULONG needed = (sizeof *type + string_of(name).maximum + 3) & ~3u;
    expect_word(line, "status", ask(object, TYPE, sizeof words), SUCCESS);
    expect_word(line, "type", same(&type->name, name), TRUE);
    expect_word(line, "returned", returned, needed);
    expect_word(line, "buffer", (DWORD)type->name.buffer, (DWORD)(type + 1));
    expect_word(line, "counts", type->objects <= type->most_objects && type->handles <= type->most_handles, TRUE);
    expect_word(line, "short", ask(object, TYPE, needed - 1), LENGTH_MISMATCH);
    expect_word(line, "returned", returned, needed);
    expect_word(line, "untouched", words[0], 0xAAAAAAAA);
}
#define EXPECT_TYPE(object, name) expect_type(__LINE__, object, name)

static void basic(void)
{
    EXPECT_EQUAL(create_event(NULL, L"\\BaseNamedObjects\\query_event", 0), SUCCESS);
    HANDLE event = last, second;
    EXPECT_EQUAL(ask(event, BASIC, 56), SUCCESS);
    EXPECT_EQUAL(returned, 56);
    EXPECT_EQUAL(words[0], 0);
    EXPECT_EQUAL(words[1], EVENT_ALL_ACCESS);
    EXPECT_EQUAL(words[2], 1);
    EXPECT_EQUAL(words[3], 3); // handle, directory, question
    EXPECT_EQUAL(words[9], 8 + sizeof L"\\BaseNamedObjects\\query_event");
    EXPECT_EQUAL(words[10], 0x60 + sizeof L"Event");
    EXPECT_EQUAL(words[12] | words[13], 0);
    EXPECT_EQUAL(NtDuplicateObject(OWN_PROCESS, event, OWN_PROCESS, &second, SYNCHRONIZE, INHERIT, 0), SUCCESS);
    EXPECT_EQUAL(ask(second, BASIC, 56), SUCCESS);
    EXPECT(words[0] == INHERIT && words[1] == SYNCHRONIZE && words[2] == 2 && words[3] == 4);
    EXPECT_EQUAL(ask(event, BASIC, 55), LENGTH_MISMATCH);
    EXPECT_EQUAL(returned, 0xDEADBEEF);
    EXPECT_EQUAL(ask(event, BASIC, 60), LENGTH_MISMATCH);
    EXPECT_EQUAL(NtQueryObject(event, BASIC, NULL, 0, NULL), LENGTH_MISMATCH);
    CLOSE(second);
    CLOSE(event);
    EXPECT_EQUAL(open_link(NULL, L"\\??", 0), SUCCESS);
    EXPECT_EQUAL(ask(last, BASIC, 56), SUCCESS);
    EXPECT_EQUAL(words[0], PERMANENT);
    CLOSE(last);
    EXPECT_EQUAL(create_link(NULL, L"\\BaseNamedObjects\\query_link", L"\\"), SUCCESS);
    EXPECT_EQUAL(ask(last, BASIC, 56), SUCCESS);
    EXPECT(words[13] != 0);
    CLOSE(last);
    EXPECT_EQUAL(ask(OWN_PROCESS, BASIC, 56), SUCCESS);
    EXPECT_EQUAL(words[1], 0x1F0FFF);
    EXPECT_EQUAL(ask((HANDLE)-2, BASIC, 56), SUCCESS);
    EXPECT_EQUAL(words[1], 0x1F03FF);
    EXPECT_EQUAL(ask((HANDLE)0xDEAC, BASIC, 56), BAD_HANDLE);
    EXPECT_EQUAL(ask(NULL, 5, 56), BAD_HANDLE);
    EXPECT_EQUAL(ask(OWN_PROCESS, 5, 56), BAD_INFO_CLASS);
}

static HANDLE file_at(const char *path, DWORD access, DWORD flags)
{
    HANDLE file = CreateFileA(path, access, 7, NULL, OPEN_EXISTING, flags, NULL);
    EXPECT(file != INVALID_HANDLE_VALUE);
    return file;
}

static void names(void)
{
    EXPECT_EQUAL(create_event(NULL, L"\\BaseNamedObjects\\query_event", 0), SUCCESS);
    HANDLE event = last;
    EXPECT_NAME(event, L"\\BaseNamedObjects\\query_event");
    EXPECT_EQUAL(ask(event, NAME, 0), LENGTH_MISMATCH);
    EXPECT_EQUAL(returned, 8 + 60);
    EXPECT_EQUAL(ask(event, NAME, 8), LENGTH_MISMATCH);
    EXPECT_EQUAL(ask(event, NAME, 8 + 59), LENGTH_MISMATCH);
    EXPECT_EQUAL(returned, 8 + 60);
    EXPECT_EQUAL(words[0], 0xAAAAAAAA);
    EXPECT_EQUAL(ask(event, NAME, 8 + 60), SUCCESS);
    EXPECT_EQUAL(open_event(NULL, L"\\BaseNamedObjects\\Local\\query_event", 0), SUCCESS);
    EXPECT_NAME(last, L"\\BaseNamedObjects\\query_event");
    CLOSE(last);
    CLOSE(event);
    EXPECT_EQUAL(NtCreateEvent(&event, EVENT_ALL_ACCESS, NULL, 0, 0), SUCCESS);
    EXPECT_NAME(event, L"");
    EXPECT_EQUAL(ask(event, NAME, 7), LENGTH_MISMATCH);
    EXPECT_EQUAL(returned, 8);
    EXPECT_EQUAL(ask(event, NAME, 8), SUCCESS);
    CLOSE(event);
    EXPECT_EQUAL(open_directory(NULL, L"\\", 0), SUCCESS);
    EXPECT_NAME(last, L"\\");
    CLOSE(last);
    EXPECT_NAME(OWN_PROCESS, L"");
    EXPECT_NAME((HANDLE)-2, L"");
}

// Names of files begin with their device's, and are cut where there is too little room.
static void names_of_files(void)
{
    HANDLE file = file_at("C:\\windows\\SYSTEM32\\kernel32.DLL", GENERIC_READ, 0);
    EXPECT_NAME(file, L"\\Device\\HarddiskVolume1\\WINDOWS\\system32\\kernel32.dll");
    EXPECT_EQUAL(ask(file, NAME, 0), LENGTH_MISMATCH);
    EXPECT_EQUAL(returned, 0);
    EXPECT_EQUAL(ask(file, NAME, 8), OVERFLOW);
    EXPECT_EQUAL(returned, 8 + 108);
    EXPECT_EQUAL(ask(file, NAME, 8 + 7), OVERFLOW);
    EXPECT(words[0] == 0x60006 && words[1] == (DWORD)(words + 2) && (words[3] & 0xFFFF) == 'e' && words[4] == 0xAAAAAAAA);
    CloseHandle(file);
    file = file_at("C:\\", 0, FILE_FLAG_BACKUP_SEMANTICS);
    EXPECT_NAME(file, L"\\Device\\HarddiskVolume1\\");
    CloseHandle(file);
    file = file_at("\\\\.\\C:", 0, 0);
    EXPECT_NAME(file, L"\\Device\\HarddiskVolume1");
    CloseHandle(file);
    file = file_at("nul", GENERIC_WRITE, 0);
    EXPECT_NAME(file, L"\\Device\\Null");
    CloseHandle(file);
    file = file_at("CONIN$", GENERIC_READ, 0);
    EXPECT_NAME(file, L"\\Device\\ConDrv\\CurrentIn");
    CloseHandle(file);
    file = file_at("\\\\.\\pipe", 0, 0);
    EXPECT_NAME(file, L"\\Device\\NamedPipe");
    CloseHandle(file);
    // A file is called by its name of the day.
    HANDLE moved = CreateFileA("query_one", GENERIC_WRITE | DELETE, 7, NULL, CREATE_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE, NULL);
    EXPECT_NAME(moved, L"\\Device\\HarddiskVolume1\\query_one");
    EXPECT(MoveFileA("query_one", "query_two"));
    EXPECT_NAME(moved, L"\\Device\\HarddiskVolume1\\query_two");
    CloseHandle(moved);
    HANDLE reader, writer;
    static const WCHAR prefix[] = L"\\Device\\NamedPipe\\Win32Pipes.";
    EXPECT(CreatePipe(&reader, &writer, NULL, 0));
    EXPECT_EQUAL(ask(reader, NAME, sizeof words), SUCCESS);
    for (DWORD index = 0; prefix[index] != 0; index++)
        EXPECT_EQUAL(string->buffer[index], prefix[index]);
    CloseHandle(reader);
    CloseHandle(writer);
}

static void types(void)
{
    HANDLE file = file_at("C:\\WINDOWS\\system32\\ntdll.dll", GENERIC_READ, 0), event;
    EXPECT_TYPE(file, L"File");
    EXPECT_EQUAL(ask(file, TYPE, sizeof words), SUCCESS);
    EXPECT(type->mapping[0] == 0x120089 && type->mapping[1] == 0x120116 && type->mapping[2] == 0x1200A0);
    EXPECT(type->mapping[3] == 0x1F01FF && type->valid_access == 0x1F01FF);
    ULONG before = type->objects;
    CloseHandle(file);
    EXPECT_EQUAL(NtCreateEvent(&event, EVENT_ALL_ACCESS, NULL, 0, 0), SUCCESS);
    EXPECT_TYPE(event, L"Event");
    EXPECT_EQUAL(ask(event, TYPE, sizeof words), SUCCESS);
    EXPECT(type->valid_access == EVENT_ALL_ACCESS && type->zero[0] == 0 && type->none[3] == 0);
    CLOSE(event);
    EXPECT_TYPE(OWN_PROCESS, L"Process");
    EXPECT_TYPE((HANDLE)-2, L"Thread");
    EXPECT_EQUAL(open_link(NULL, L"\\??", 0), SUCCESS);
    EXPECT_TYPE(last, L"SymbolicLink");
    CLOSE(last);
    EXPECT_EQUAL(open_directory(NULL, L"\\Device", 0), SUCCESS);
    EXPECT_TYPE(last, L"Directory");
    CLOSE(last);

    // All of them, one behind the other; no handle is looked at.
    EXPECT_EQUAL(ask((HANDLE)0xDEAC, TYPES, 0), LENGTH_MISMATCH);
    ULONG needed = returned;
    EXPECT_EQUAL(ask(NULL, TYPES, needed - 1), LENGTH_MISMATCH);
    EXPECT_EQUAL(returned, needed);
    EXPECT_EQUAL(ask(NULL, TYPES, needed), SUCCESS);
    const char *at = (const char *)(words + 1);
    DWORD files = 0, devices = 0;
    for (DWORD index = 0; index < words[0]; index++) {
        const TYPE_INFORMATION *each = (const TYPE_INFORMATION *)at;
        EXPECT_EQUAL(each->name.buffer, each + 1);
        if (same(&each->name, L"File")) {
            files++;
            EXPECT_EQUAL(each->objects, before - 1);
        }
        devices += same(&each->name, L"Device");
        at = (const char *)(each + 1) + ((each->name.maximum + 3) & ~3u);
    }
    EXPECT(files == 1 && devices == 1 && words[0] >= 13);
    EXPECT_EQUAL(at - (const char *)words, needed);
}

static void flags(void)
{
    HANDLE event;
    BYTE pair[2] = {1, 1};
    DWORD flags = 0;
    EXPECT_EQUAL(NtCreateEvent(&event, EVENT_ALL_ACCESS, NULL, 0, 0), SUCCESS);
    EXPECT_EQUAL(NtSetInformationObject(event, FLAGS, pair, 2), SUCCESS);
    EXPECT_EQUAL(ask(event, FLAGS, 2), SUCCESS);
    EXPECT_EQUAL(words[0], 0xAAAA0101);
    EXPECT_EQUAL(returned, 2);
    EXPECT_EQUAL(ask(event, FLAGS, 1), LENGTH_MISMATCH);
    EXPECT(GetHandleInformation(event, &flags) && flags == 3);
    EXPECT_EQUAL(NtClose(event), NOT_CLOSABLE);
    EXPECT_EQUAL(ask(event, BASIC, 56), SUCCESS);
    EXPECT_EQUAL(words[0], 3);
    EXPECT(SetHandleInformation(event, HANDLE_FLAG_PROTECT_FROM_CLOSE, 0));
    EXPECT_EQUAL(ask(event, FLAGS, 2), SUCCESS);
    EXPECT_EQUAL(words[0], 0xAAAA0001);
    EXPECT_EQUAL(NtSetInformationObject(event, FLAGS, pair, 1), LENGTH_MISMATCH);
    EXPECT_EQUAL(NtSetInformationObject(event, FLAGS, pair, 4), LENGTH_MISMATCH);
    EXPECT_EQUAL(NtSetInformationObject(event, BASIC, pair, 2), BAD_INFO_CLASS);
    EXPECT_EQUAL(NtSetInformationObject(OWN_PROCESS, FLAGS, pair, 2), BAD_HANDLE);
    CLOSE(event);
}

static void hostile(HANDLE object, PVOID pointer)
{
    for (ULONG class = BASIC; class <= FLAGS; class++) {
        ULONG length = class == BASIC ? 56 : class == FLAGS ? 2 : 0x4000;
        EXPECT_EQUAL(NtQueryObject(object, class, pointer, length, NULL), VIOLATION);
        if (pointer != NULL)
            EXPECT_EQUAL(NtQueryObject(object, class, words, length, pointer), VIOLATION);
    }
    EXPECT_EQUAL(NtSetInformationObject(object, FLAGS, pointer, 2), VIOLATION);
}

static void test(void)
{
    static const DWORD pointers[] = {0, 0x1000, 0x7FFF0000, 0x80000000, 0x80100000, 0xC0000000, 0xFFFFFFF8};
    basic();
    names();
    names_of_files();
    types();
    flags();
    HANDLE file = file_at("C:\\WINDOWS\\system32\\ntdll.dll", GENERIC_READ, 0);
    for (DWORD index = 0; index < sizeof pointers / sizeof *pointers; index++) {
        hostile(OWN_PROCESS, (PVOID)pointers[index]);
        hostile(file, (PVOID)pointers[index]);
    }
    EXPECT_EQUAL(NtQueryObject(file, NAME, (char *)words + 1, 0x1000, NULL), MISALIGNED);
    EXPECT_EQUAL(NtQueryObject(file, NAME, words, 0xFFFFFFF0, NULL), VIOLATION);
    // The answer ends where memory does.
    char *page = commit(PAGE);
    EXPECT_EQUAL(NtQueryObject(file, NAME, page + PAGE - 16, 0x1000, NULL), VIOLATION);
    EXPECT_EQUAL(NtQueryObject(file, NAME, page + PAGE - 16, 16, NULL), OVERFLOW);
    CloseHandle(file);
}
