// NtQueryDirectoryObject tells what stands in a directory: one entry at a time, or as many as there is room for.
// expect: exit 0
#include "names.h"

enum { MORE_ENTRIES = 0x105, NO_MORE = (int)0x8000001A, MISALIGNED = (int)0x80000002 };

NTSTATUS NTAPI NtQueryDirectoryObject(HANDLE directory, void *buffer, ULONG length, BOOLEAN single, BOOLEAN restart, ULONG *context, ULONG *returned);

typedef struct {
    STRING name, type;
} ENTRY;

static ENTRY entries[256];
static ULONG context, returned;

static NTSTATUS ask(HANDLE directory, ULONG length, BOOLEAN single, BOOLEAN restart)
{
    returned = 0xDEADBEEF;
    for (DWORD index = 0; index < sizeof entries / sizeof *entries; index++)
        entries[index] = (ENTRY){{0xAAAA, 0xAAAA, (PVOID)0xAAAAAAAA}, {0xAAAA, 0xAAAA, (PVOID)0xAAAAAAAA}};
    return NtQueryDirectoryObject(directory, entries, length, single, restart, &context, &returned);
}

static BOOL is(const STRING *one, const WCHAR *other)
{
    STRING expected = string_of(other);
    if (one->length != expected.length || one->maximum != expected.maximum)
        return FALSE;
    for (DWORD index = 0; index <= one->length / 2u; index++)
        if (one->buffer[index] != other[index])
            return FALSE;
    return TRUE;
}

// Whether one of `count` entries has this name and type.
static BOOL listed(DWORD count, const WCHAR *name, const WCHAR *type)
{
    for (DWORD index = 0; index < count; index++)
        if (is(&entries[index].name, name) && is(&entries[index].type, type))
            return TRUE;
    return FALSE;
}

static DWORD count_entries(void)
{
    DWORD count = 0;
    while (entries[count].name.buffer != NULL)
        count++;
    EXPECT(entries[count].name.length == 0 && entries[count].type.buffer == NULL && entries[count].type.maximum == 0);
    return count;
}

static void empty(HANDLE directory)
{
    context = 77;
    EXPECT_EQUAL(ask(directory, sizeof entries, FALSE, TRUE), NO_MORE);
    EXPECT_EQUAL(ask(directory, sizeof entries, TRUE, TRUE), NO_MORE);
    EXPECT_EQUAL(ask(directory, 0, TRUE, TRUE), NO_MORE);
    EXPECT_EQUAL(context, 77);
}

static void one_at_a_time(HANDLE directory)
{
    DWORD seen[3] = {0};
    static const WCHAR *const names[3] = {L"a", L"bb", L"link"};
    static const WCHAR *const types[3] = {L"Event", L"Directory", L"SymbolicLink"};
    context = 77;
    for (DWORD round = 0; round < 3; round++) {
        EXPECT_EQUAL(ask(directory, 16, TRUE, round == 0), TOO_SMALL);
        ULONG needed = returned;
        EXPECT_EQUAL(context, round == 0 ? 77 : round);
        EXPECT_EQUAL(ask(directory, needed - 1, TRUE, round == 0), TOO_SMALL);
        EXPECT_EQUAL(entries[0].name.length, 0xAAAA);
        EXPECT_EQUAL(ask(directory, needed, TRUE, round == 0), SUCCESS);
        EXPECT_EQUAL(returned, needed);
        EXPECT_EQUAL(context, round + 1);
        EXPECT_EQUAL(count_entries(), 1);
        EXPECT_EQUAL(needed, 32 + entries[0].name.maximum + entries[0].type.maximum);
        for (DWORD index = 0; index < 3; index++)
            seen[index] += listed(1, names[index], types[index]);
    }
    EXPECT(seen[0] == 1 && seen[1] == 1 && seen[2] == 1);
    EXPECT_EQUAL(ask(directory, sizeof entries, TRUE, FALSE), NO_MORE);
    EXPECT_EQUAL(context, 3);
    context = 0xFFFFFFFF;
    EXPECT_EQUAL(ask(directory, sizeof entries, TRUE, FALSE), NO_MORE);
    EXPECT_EQUAL(ask(directory, sizeof entries, TRUE, TRUE), SUCCESS);
    EXPECT_EQUAL(context, 1);
}

static void many(HANDLE directory)
{
    EXPECT_EQUAL(ask(directory, sizeof entries, FALSE, TRUE), SUCCESS);
    EXPECT_EQUAL(context, 3);
    EXPECT_EQUAL(count_entries(), 3);
    EXPECT(listed(3, L"a", L"Event") && listed(3, L"bb", L"Directory") && listed(3, L"link", L"SymbolicLink"));
    ULONG whole = returned;
    EXPECT_EQUAL(whole, 64 + sizeof L"a" + sizeof L"bb" + sizeof L"link" + sizeof L"Event" + sizeof L"Directory" + sizeof L"SymbolicLink");
    EXPECT_EQUAL(ask(directory, whole, FALSE, TRUE), SUCCESS);
    EXPECT_EQUAL(ask(directory, whole - 1, FALSE, TRUE), MORE_ENTRIES);
    EXPECT_EQUAL(context, 2);
    EXPECT_EQUAL(count_entries(), 2);
    EXPECT(returned < whole);
    EXPECT_EQUAL(ask(directory, whole - 1, FALSE, FALSE), SUCCESS);
    EXPECT_EQUAL(context, 3);
    EXPECT_EQUAL(count_entries(), 1);
    EXPECT_EQUAL(ask(directory, sizeof entries, FALSE, FALSE), NO_MORE);
    // Not even one has room.
    EXPECT_EQUAL(ask(directory, 20, FALSE, TRUE), MORE_ENTRIES);
    EXPECT_EQUAL(context, 0);
    EXPECT_EQUAL(count_entries(), 0);
}

static void the_systems_own(void)
{
    EXPECT_EQUAL(open_directory(NULL, L"\\", 0), SUCCESS);
    EXPECT_EQUAL(ask(last, sizeof entries, FALSE, TRUE), SUCCESS);
    DWORD count = count_entries();
    EXPECT(listed(count, L"??", L"SymbolicLink") && listed(count, L"GLOBAL??", L"Directory"));
    EXPECT(listed(count, L"Device", L"Directory") && listed(count, L"BaseNamedObjects", L"Directory"));
    CLOSE(last);
    EXPECT_EQUAL(open_directory(NULL, L"\\Device", 0), SUCCESS);
    EXPECT_EQUAL(ask(last, sizeof entries, FALSE, TRUE), SUCCESS);
    count = count_entries();
    EXPECT(listed(count, L"HarddiskVolume1", L"Device") && listed(count, L"Null", L"Device"));
    EXPECT(listed(count, L"NamedPipe", L"Device"));
    CLOSE(last);
    EXPECT_EQUAL(open_directory(NULL, L"\\KnownDlls", 0), SUCCESS);
    EXPECT_EQUAL(ask(last, sizeof entries, FALSE, TRUE), SUCCESS);
    EXPECT(listed(count_entries(), L"kernel32.dll", L"Section"));
    CLOSE(last);
}

static void refusals(HANDLE directory, HANDLE event)
{
    static const DWORD hostile[] = {0, 0x1000, 0x7FFF0000, 0x80000000, 0x80100000, 0xC0000000, 0xFFFFFFF8};
    for (DWORD index = 0; index < sizeof hostile / sizeof *hostile; index++) {
        PVOID pointer = (PVOID)hostile[index];
        EXPECT_EQUAL(NtQueryDirectoryObject(directory, pointer, 4096, FALSE, TRUE, &context, NULL), VIOLATION);
        EXPECT_EQUAL(NtQueryDirectoryObject(directory, entries, sizeof entries, FALSE, TRUE, pointer, NULL), VIOLATION);
        if (pointer != NULL)
            EXPECT_EQUAL(NtQueryDirectoryObject(directory, entries, sizeof entries, FALSE, TRUE, &context, pointer), VIOLATION);
    }
    EXPECT_EQUAL(NtQueryDirectoryObject(directory, (char *)entries + 1, 4096, FALSE, TRUE, &context, NULL), MISALIGNED);
    EXPECT_EQUAL(NtQueryDirectoryObject(directory, entries, 0xFFFFFFF0, FALSE, TRUE, &context, NULL), VIOLATION);
    EXPECT_EQUAL(ask(event, sizeof entries, FALSE, TRUE), TYPE_MISMATCH);
    EXPECT_EQUAL(ask((HANDLE)0xDEAC, sizeof entries, FALSE, TRUE), BAD_HANDLE);
    // DIRECTORY_TRAVERSE alone does not tell.
    EXPECT_EQUAL(NtOpenDirectoryObject(&last, 2, named(directory, L"", 0)), SUCCESS);
    EXPECT_EQUAL(ask(last, sizeof entries, FALSE, TRUE), DENIED);
    CLOSE(last);
}

static void test(void)
{
    EXPECT_EQUAL(create_directory(NULL, L"\\BaseNamedObjects\\listed", 0), SUCCESS);
    HANDLE directory = last;
    empty(directory);
    EXPECT_EQUAL(create_event(directory, L"a", 0), SUCCESS);
    HANDLE event = last;
    EXPECT_EQUAL(create_directory(directory, L"bb", 0), SUCCESS);
    EXPECT_EQUAL(create_link(directory, L"link", L"\\nowhere"), SUCCESS);
    one_at_a_time(directory);
    many(directory);
    the_systems_own();
    refusals(directory, event);
}
