// The name space as its services show it: directories, symbolic links, and each status of a name.
// expect: exit 0
#include "names.h"

static void statuses(void)
{
    EXPECT_EQUAL(create_event(NULL, L"\\BaseNamedObjects\\e", 0), SUCCESS);
    HANDLE event = last;
    EXPECT_EQUAL(create_event(NULL, L"\\BaseNamedObjects\\e", 0), NAME_COLLISION);
    EXPECT_EQUAL(create_event(NULL, L"\\BaseNamedObjects\\E", CASE_INSENSITIVE), NAME_COLLISION);
    EXPECT_EQUAL(create_event(NULL, L"\\basenamedobjects\\e", CASE_INSENSITIVE | OPEN_IF), NAME_EXISTS);
    CLOSE(last);
    EXPECT_EQUAL(create_directory(NULL, L"\\BaseNamedObjects\\e", OPEN_IF), TYPE_MISMATCH);
    EXPECT_EQUAL(create_directory(NULL, L"\\BaseNamedObjects\\e", 0), NAME_COLLISION);
    EXPECT_EQUAL(open_directory(NULL, L"\\BaseNamedObjects\\e", 0), TYPE_MISMATCH);
    EXPECT_EQUAL(open_event(NULL, L"\\BaseNamedObjects\\E", 0), NAME_NOT_FOUND);
    EXPECT_EQUAL(open_event(NULL, L"\\BASENamedObjects\\e", 0), PATH_NOT_FOUND);
    EXPECT_EQUAL(open_event(NULL, L"\\BaseNamedObjects\\d\\e", 0), PATH_NOT_FOUND);
    EXPECT_EQUAL(open_event(NULL, L"\\BaseNamedObjects\\e\\e", 0), TYPE_MISMATCH);
    EXPECT_EQUAL(open_event(NULL, L"BaseNamedObjects\\e", 0), PATH_SYNTAX_BAD);
    EXPECT_EQUAL(open_event(NULL, L"", 0), PATH_SYNTAX_BAD);
    EXPECT_EQUAL(open_event(NULL, L"\\\\BaseNamedObjects", 0), NAME_INVALID);
    EXPECT_EQUAL(open_event(NULL, L"\\BaseNamedObjects\\", 0), NAME_INVALID);
    EXPECT_EQUAL(open_event(NULL, L"\\BaseNamedObjects", 0), TYPE_MISMATCH);
    EXPECT_EQUAL(open_event(NULL, L"\\", 0), TYPE_MISMATCH);
    EXPECT_EQUAL(create_directory(NULL, L"\\", 0), NAME_COLLISION);
    EXPECT_EQUAL(create_directory(NULL, L"\\", OPEN_IF), NAME_EXISTS);
    CLOSE(last);
    EXPECT_EQUAL(open_directory(NULL, L"\\", 0), SUCCESS);
    HANDLE root = last;
    EXPECT_EQUAL(open_event(root, L"BaseNamedObjects\\e", 0), SUCCESS);
    CLOSE(last);
    EXPECT_EQUAL(open_event(root, L"\\BaseNamedObjects\\e", 0), PATH_SYNTAX_BAD);
    EXPECT_EQUAL(open_event(root, L"", 0), TYPE_MISMATCH);
    EXPECT_EQUAL(open_directory(root, L"", 0), SUCCESS);
    CLOSE(last);
    EXPECT_EQUAL(open_event(event, L"e", 0), BAD_HANDLE);
    EXPECT_EQUAL(create_event((HANDLE)0xDEADBEEC, L"e", 0), BAD_HANDLE);
    EXPECT_EQUAL(create_event((HANDLE)0xDEADBEEC, L"", 0), SUCCESS);
    CLOSE(last);
    CLOSE(root);
    CLOSE(event);
    EXPECT_EQUAL(open_event(NULL, L"\\BaseNamedObjects\\e", 0), NAME_NOT_FOUND);
}

static void directories(void)
{
    EXPECT_EQUAL(create_directory(NULL, L"\\BaseNamedObjects\\d", 0), SUCCESS);
    HANDLE directory = last;
    EXPECT_EQUAL(create_event(directory, L"e", 0), SUCCESS);
    HANDLE event = last;
    EXPECT_EQUAL(open_event(NULL, L"\\BaseNamedObjects\\d\\e", 0), SUCCESS);
    CLOSE(last);
    CLOSE(directory);
    // It lives on for what is in it, but nobody finds it.
    EXPECT_EQUAL(open_event(NULL, L"\\BaseNamedObjects\\d\\e", 0), PATH_NOT_FOUND);
    CLOSE(event);

    // A permanent object stays without a handle until it is made temporary.
    EXPECT_EQUAL(create_event(NULL, L"\\BaseNamedObjects\\p", PERMANENT), SUCCESS);
    CLOSE(last);
    EXPECT_EQUAL(NtOpenEvent(&event, EVENT_MODIFY_STATE, named(NULL, L"\\BaseNamedObjects\\p", 0)), SUCCESS);
    EXPECT_EQUAL(NtMakeTemporaryObject(event), DENIED);
    EXPECT_EQUAL(NtMakeTemporaryObject((HANDLE)0x1234), BAD_HANDLE);
    EXPECT_EQUAL(open_event(NULL, L"\\BaseNamedObjects\\p", 0), SUCCESS);
    EXPECT_EQUAL(NtMakeTemporaryObject(last), SUCCESS);
    CLOSE(last);
    EXPECT_EQUAL(open_event(NULL, L"\\BaseNamedObjects\\p", 0), SUCCESS);
    CLOSE(last);
    CLOSE(event);
    EXPECT_EQUAL(open_event(NULL, L"\\BaseNamedObjects\\p", 0), NAME_NOT_FOUND);
}

static void expect_target(int line, HANDLE link, const WCHAR *expected)
{
    static WCHAR buffer[64];
    STRING string = {0, sizeof buffer, buffer}, wanted = string_of(expected);
    ULONG length = 0;
    expect_word(line, "status", NtQuerySymbolicLinkObject(link, &string, &length), SUCCESS);
    expect_word(line, "length", string.length, wanted.length);
    expect_word(line, "returned", length, wanted.maximum);
    expect_word(line, "zero", buffer[wanted.length / 2], 0);
    for (DWORD index = 0; index < wanted.length / 2u; index++)
        expect_word(line, "unit", buffer[index], expected[index]);
}

static void links(void)
{
    EXPECT_EQUAL(create_event(NULL, L"\\BaseNamedObjects\\e", 0), SUCCESS);
    HANDLE event = last;
    EXPECT_EQUAL(create_link(NULL, L"\\BaseNamedObjects\\l", L"\\BaseNamedObjects\\Local"), SUCCESS);
    HANDLE link = last;
    EXPECT_EQUAL(open_event(NULL, L"\\BaseNamedObjects\\l\\l\\e", 0), SUCCESS);
    CLOSE(last);
    EXPECT_EQUAL(create_link(NULL, L"\\BaseNamedObjects\\l", L"\\"), NAME_COLLISION);
    EXPECT_EQUAL(open_link(NULL, L"\\BaseNamedObjects\\l", 0), SUCCESS);
    expect_target(__LINE__, last, L"\\BaseNamedObjects\\Local");
    CLOSE(last);
    EXPECT_EQUAL(open_link(link, L"", 0), SUCCESS);
    CLOSE(last);
    EXPECT_EQUAL(open_event(link, L"e", 0), TYPE_MISMATCH);
    EXPECT_EQUAL(open_event(NULL, L"\\BaseNamedObjects\\l", OPEN_LINK), TYPE_MISMATCH);
    EXPECT_EQUAL(open_link(NULL, L"\\DosDevices", 0), SUCCESS);
    expect_target(__LINE__, last, L"\\??");
    CLOSE(last);
    EXPECT_EQUAL(open_directory(NULL, L"\\DosDevices", 0), SUCCESS);
    CLOSE(last);

    WCHAR small[4] = {0};
    STRING string = {0, 6, small};
    ULONG length = 0;
    EXPECT_EQUAL(NtQuerySymbolicLinkObject(link, &string, &length), TOO_SMALL);
    EXPECT_EQUAL(length, 2 * 24);
    EXPECT_EQUAL(NtQuerySymbolicLinkObject(event, &string, &length), TYPE_MISMATCH);
    EXPECT_EQUAL(create_link(NULL, L"\\BaseNamedObjects\\circle", L"\\BaseNamedObjects\\circle"), SUCCESS);
    HANDLE circle = last;
    EXPECT_EQUAL(open_event(NULL, L"\\BaseNamedObjects\\circle", 0), PATH_NOT_FOUND);
    CLOSE(circle);
    CLOSE(link);
    CLOSE(event);
}

static void test(void)
{
    statuses();
    directories();
    links();
    // Of each type.
    EXPECT_EQUAL(NtCreateMutant(&last, MUTEX_ALL_ACCESS, named(NULL, L"\\Device\\m", 0), 1), SUCCESS);
    EXPECT_EQUAL(NtOpenMutant(&last, MUTEX_ALL_ACCESS, named(NULL, L"\\Device\\m", 0)), SUCCESS);
    EXPECT_EQUAL(NtCreateSemaphore(&last, SEMAPHORE_ALL_ACCESS, named(NULL, L"\\Device\\s", 0), 0, 1), SUCCESS);
    EXPECT_EQUAL(NtOpenSemaphore(&last, SEMAPHORE_ALL_ACCESS, named(NULL, L"\\Device\\s", 0)), SUCCESS);
    EXPECT_EQUAL(NtOpenSemaphore(&last, SEMAPHORE_ALL_ACCESS, named(NULL, L"\\Device\\m", 0)), TYPE_MISMATCH);
}
