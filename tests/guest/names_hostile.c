// Hostile attributes, names and buffers are refused, and nothing of them stays.
// expect: exit 0
#include "names.h"

static WCHAR text[0x8000];

static NTSTATUS create(const void *attributes)
{
    return NtCreateEvent(&last, EVENT_ALL_ACCESS, attributes, 0, 0);
}

static NTSTATUS open(const void *attributes)
{
    return NtOpenEvent(&last, EVENT_ALL_ACCESS, attributes);
}

static void pointers(PVOID pointer)
{
    STRING name = {4, 4, pointer}, target = string_of(L"\\");
    ATTRIBUTES attributes = {sizeof attributes, NULL, &name, 0, NULL, NULL};
    EXPECT_EQUAL(create(&attributes), VIOLATION);
    EXPECT_EQUAL(open(&attributes), VIOLATION);
    EXPECT_EQUAL(NtOpenMutant(&last, MUTEX_ALL_ACCESS, &attributes), VIOLATION);
    EXPECT_EQUAL(NtCreateDirectoryObject(&last, 0xF000F, &attributes), VIOLATION);
    EXPECT_EQUAL(NtCreateSymbolicLinkObject(&last, 0xF0001, &attributes, &target), VIOLATION);
    EXPECT_EQUAL(NtCreateSymbolicLinkObject(&last, 0xF0001, NULL, &name), VIOLATION);
    EXPECT_EQUAL(NtCreateSymbolicLinkObject(&last, 0xF0001, NULL, pointer), VIOLATION);
    EXPECT_EQUAL(NtOpenDirectoryObject(pointer, 0xF000F, named(NULL, L"\\", 0)), VIOLATION);
    EXPECT_EQUAL(NtCreateDirectoryObject(pointer, 0xF000F, named(NULL, L"\\BaseNamedObjects\\d", 0)), VIOLATION);
    EXPECT_EQUAL(open_directory(NULL, L"\\BaseNamedObjects\\d", 0), NAME_NOT_FOUND);
    EXPECT_EQUAL(open_link(NULL, L"\\??", 0), SUCCESS);
    EXPECT_EQUAL(NtQuerySymbolicLinkObject(last, pointer, NULL), VIOLATION);
    name.maximum = 100;
    EXPECT_EQUAL(NtQuerySymbolicLinkObject(last, &name, NULL), VIOLATION);
    CLOSE(last);
    if (pointer != NULL) {
        attributes.name = pointer;
        EXPECT_EQUAL(create(&attributes), VIOLATION);
        EXPECT_EQUAL(create(pointer), VIOLATION);
        EXPECT_EQUAL(open(pointer), VIOLATION);
    }
}

static void lengths(void)
{
    STRING name = {0, 0xFFFE, text};
    ATTRIBUTES attributes = {sizeof attributes, NULL, &name, 0, NULL, NULL};
    for (DWORD index = 0; index < 0x8000; index++)
        text[index] = L'a';
    text[0] = L'\\';
    for (DWORD length = 0; length < 0x40; length++) {
        attributes.length = length;
        if (length != sizeof attributes)
            EXPECT_EQUAL(create(&attributes), BAD_PARAMETER);
    }
    attributes.length = sizeof attributes;
    static const USHORT odd[] = {1, 3, 67, 0x7FFF, 0xFFFD, 0xFFFE, 0xFFFF};
    for (DWORD index = 0; index < sizeof odd / sizeof *odd; index++) {
        name.length = odd[index];
        EXPECT_EQUAL(create(&attributes), NAME_INVALID);
        EXPECT_EQUAL(open(&attributes), NAME_INVALID);
    }
    name.length = 0xFFFC;
    EXPECT_EQUAL(create(&attributes), SUCCESS);
    HANDLE longest = last;
    EXPECT_EQUAL(open(&attributes), SUCCESS);
    CLOSE(last);
    CLOSE(longest);
    EXPECT_EQUAL(open(&attributes), NAME_NOT_FOUND);
    // The end of the name is not there.
    char *page = commit(PAGE);
    name = (STRING){64, 64, (const WCHAR *)(page + PAGE - 32)};
    EXPECT_EQUAL(create(&attributes), VIOLATION);

    name = (STRING){4, 4, text};
    for (DWORD bit = 0; bit < 32; bit++) {
        attributes.flags = 1u << bit;
        NTSTATUS status = create(&attributes);
        if ((0x7F2 & attributes.flags) == 0)
            EXPECT_EQUAL(status, BAD_PARAMETER);
        else
            EXPECT_EQUAL(status, SUCCESS);
        if (status == SUCCESS) {
            EXPECT_EQUAL(NtMakeTemporaryObject(last), SUCCESS);
            CLOSE(last);
        }
    }
    attributes = (ATTRIBUTES){sizeof attributes, (HANDLE)0xDEADBEEC, NULL, 0, NULL, NULL};
    EXPECT_EQUAL(create(&attributes), NAME_INVALID);
    EXPECT_EQUAL(open(&attributes), NAME_INVALID);
    attributes.root = NULL;
    EXPECT_EQUAL(open(&attributes), PATH_SYNTAX_BAD);
    EXPECT_EQUAL(create(&attributes), SUCCESS);
    CLOSE(last);
    EXPECT_EQUAL(open(NULL), BAD_PARAMETER);
    EXPECT_EQUAL(NtOpenDirectoryObject(&last, 0xF000F, NULL), BAD_PARAMETER);
    EXPECT_EQUAL(NtCreateDirectoryObject(&last, 0xF000F, NULL), SUCCESS);
    CLOSE(last);

    STRING target = {3, 4, text};
    EXPECT_EQUAL(NtCreateSymbolicLinkObject(&last, 0xF0001, NULL, &target), BAD_PARAMETER);
    target = (STRING){4, 2, text};
    EXPECT_EQUAL(NtCreateSymbolicLinkObject(&last, 0xF0001, NULL, &target), BAD_PARAMETER);
    target = (STRING){0, 0, text};
    EXPECT_EQUAL(NtCreateSymbolicLinkObject(&last, 0xF0001, NULL, &target), BAD_PARAMETER);
}

// A tree as deep and as full as this process may make it, which goes with it.
static void deep(void)
{
    EXPECT_EQUAL(create_directory(NULL, L"\\BaseNamedObjects\\deep", 0), SUCCESS);
    for (DWORD index = 0; index < 2000; index++) {
        HANDLE parent = last;
        EXPECT_EQUAL(create_directory(parent, L"d", 0), SUCCESS);
    }
}

static void test(void)
{
    static const DWORD hostile[] = {0, 0x1000, 0x7FFF0000, 0x80000000, 0x80100000, 0xC0000000, 0xFFFFFFF8};
    for (DWORD index = 0; index < sizeof hostile / sizeof *hostile; index++)
        pointers((PVOID)hostile[index]);
    lengths();
    deep();
}
