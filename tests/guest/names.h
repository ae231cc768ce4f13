// Names in the services: attributes, and what the name space has.
#ifndef NAMES_H
#define NAMES_H

#include "test.h"

enum {
    NAME_EXISTS = 0x40000000,
    TYPE_MISMATCH = (int)0xC0000024,
    TOO_SMALL = (int)0xC0000023,
    DENIED = (int)0xC0000022,
    NAME_INVALID = (int)0xC0000033,
    NAME_COLLISION = (int)0xC0000035,
    PATH_NOT_FOUND = (int)0xC000003A,
    PATH_SYNTAX_BAD = (int)0xC000003B,
};

enum { INHERIT = 2, PERMANENT = 0x10, CASE_INSENSITIVE = 0x40, OPEN_IF = 0x80, OPEN_LINK = 0x100 };

typedef struct {
    USHORT length, maximum;
    const WCHAR *buffer;
} STRING;

typedef struct {
    ULONG length;
    HANDLE root;
    const STRING *name;
    ULONG flags;
    PVOID security, quality;
} ATTRIBUTES;

NTSTATUS NTAPI NtCreateEvent(HANDLE *event, ULONG access, const void *attributes, ULONG kind, ULONG set);
NTSTATUS NTAPI NtOpenEvent(HANDLE *event, ULONG access, const void *attributes);
NTSTATUS NTAPI NtCreateMutant(HANDLE *mutant, ULONG access, const void *attributes, ULONG owned);
NTSTATUS NTAPI NtOpenMutant(HANDLE *mutant, ULONG access, const void *attributes);
NTSTATUS NTAPI NtCreateSemaphore(HANDLE *semaphore, ULONG access, const void *attributes, LONG count, LONG limit);
NTSTATUS NTAPI NtOpenSemaphore(HANDLE *semaphore, ULONG access, const void *attributes);
NTSTATUS NTAPI NtCreateDirectoryObject(HANDLE *directory, ULONG access, const void *attributes);
NTSTATUS NTAPI NtOpenDirectoryObject(HANDLE *directory, ULONG access, const void *attributes);
NTSTATUS NTAPI NtCreateSymbolicLinkObject(HANDLE *link, ULONG access, const void *attributes, const void *target);
NTSTATUS NTAPI NtOpenSymbolicLinkObject(HANDLE *link, ULONG access, const void *attributes);
NTSTATUS NTAPI NtQuerySymbolicLinkObject(HANDLE link, void *target, ULONG *length);
NTSTATUS NTAPI NtMakeTemporaryObject(HANDLE object);

static inline STRING string_of(const WCHAR *text)
{
    USHORT units = 0;
    while (text[units] != 0)
        units++;
    return (STRING){(USHORT)(units * 2), (USHORT)(units * 2 + 2), text};
}

// Attributes that last until the next call.
static inline const ATTRIBUTES *named(HANDLE root, const WCHAR *text, ULONG flags)
{
    static STRING string;
    static ATTRIBUTES attributes;
    string = string_of(text);
    attributes = (ATTRIBUTES){sizeof attributes, root, &string, flags, NULL, NULL};
    return &attributes;
}

static HANDLE last;

static inline NTSTATUS create_event(HANDLE root, const WCHAR *name, ULONG flags)
{
    return NtCreateEvent(&last, EVENT_ALL_ACCESS, named(root, name, flags), 0, 0);
}

static inline NTSTATUS open_event(HANDLE root, const WCHAR *name, ULONG flags)
{
    return NtOpenEvent(&last, EVENT_ALL_ACCESS, named(root, name, flags));
}

static inline NTSTATUS create_directory(HANDLE root, const WCHAR *name, ULONG flags)
{
    return NtCreateDirectoryObject(&last, 0xF000F, named(root, name, flags));
}

static inline NTSTATUS open_directory(HANDLE root, const WCHAR *name, ULONG flags)
{
    return NtOpenDirectoryObject(&last, 0xF000F, named(root, name, flags));
}

static inline NTSTATUS create_link(HANDLE root, const WCHAR *name, const WCHAR *target)
{
    STRING string = string_of(target);
    return NtCreateSymbolicLinkObject(&last, 0xF0001, named(root, name, 0), &string);
}

static inline NTSTATUS open_link(HANDLE root, const WCHAR *name, ULONG flags)
{
    return NtOpenSymbolicLinkObject(&last, 0xF0001, named(root, name, flags));
}

#define CLOSE(handle) EXPECT_EQUAL(NtClose(handle), SUCCESS)

#endif
