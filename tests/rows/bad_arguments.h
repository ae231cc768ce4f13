// Calls of the memory services by the table of bad_arguments.rows: with good arguments throughout, but for those that a test puts in their place.
#ifndef BAD_ARGUMENTS_H
#define BAD_ARGUMENTS_H

#include "rows.h"
#include "../guest/system_call.h"

#define MOST_ARGUMENTS 10

// ---- What arguments are ---------------------------------------------------------------------------------------------

enum kind {
    KIND_NONE,
    KIND_NUMBER,
    KIND_BITS,    // good value, sound bits, status of any other bit
    KIND_PROCESS, // what the handle must allow
    KIND_SECTION, // number of the section, what the handle must allow
    KIND_FILE,
    KIND_NO_FILE, // a handle of a file, or none
    // Pointers, from here on.
    KIND_WORD,         // to a word that is read and stored to
    KIND_OPTIONAL,     // to one that is stored to, or null
    KIND_LONG_READ,    // to 64 bits that are read
    KIND_LONG_OR_NONE, // the same, or null
    KIND_LONG_STORED,  // to 64 bits that are read and stored to, or null
    KIND_LONG_IN_OUT,  // the same, never null
    KIND_ATTRIBUTES,   // OBJECT_ATTRIBUTES: 0 may be null, 1 names a section
    KIND_BUFFER,       // an answer, at a multiple of 4
    KIND_TARGET,       // bytes that are stored to
    KIND_SOURCE,       // bytes that are read
    KINDS
};

struct argument {
    enum kind kind;
    DWORD good, more;
    NTSTATUS status;
};

#define NUMBER(good) {KIND_NUMBER, good, 0, 0}
#define BITS(good, sound, status) {KIND_BITS, good, sound, status}
#define PROCESS(access) {KIND_PROCESS, 0, access, 0}
#define SECTION_OF(section, access) {KIND_SECTION, section, access, 0}
#define FILE_HANDLE {KIND_FILE, 0, 0, 0}
#define NO_FILE {KIND_NO_FILE, 0, 0, 0}
#define WORD(good) {KIND_WORD, good, 0, 0}
#define OPTIONAL_WORD {KIND_OPTIONAL, 0, 0, 0}
#define LONG_READ(good) {KIND_LONG_READ, good, 0, 0}
#define LONG_OR_NONE(good) {KIND_LONG_OR_NONE, good, 0, 0}
#define LONG_STORED(good) {KIND_LONG_STORED, good, 0, 0}
#define LONG_IN_OUT(good) {KIND_LONG_IN_OUT, good, 0, 0}
#define ATTRIBUTES(named) {KIND_ATTRIBUTES, named, 0, 0}
#define BUFFER {KIND_BUFFER, 0, 0, 0}
#define TARGET {KIND_TARGET, 0, 0, 0}
#define SOURCE {KIND_SOURCE, 0, 0, 0}

#define EXTRA(...)
enum {
#define SERVICE(name, ...) service_##name,
#include "bad_arguments.rows"
#undef SERVICE
    SERVICES
};

static const struct service {
    const char *name;
    DWORD number;
    NTSTATUS good;
    struct argument arguments[MOST_ARGUMENTS];
} services[] = {
#define SERVICE(name, number, good, ...) {#name, number, good, {__VA_ARGS__}},
#include "bad_arguments.rows"
#undef SERVICE
};
#undef EXTRA

// ---- One call -------------------------------------------------------------------------------------------------------

// A page with good cells of 64 bytes each, one for each argument, and room for an answer.
#define CELL 0x40
#define BUFFERS 0x400
static char *good_page;

static struct {
    USHORT length, room;
    const WCHAR *text;
} section_name = {34, 36, L"\\rows bad section"};

static DWORD words[MOST_ARGUMENTS];
static const struct service *service;
static HANDLE process, section_handles[SECTIONS], named_section;

static inline DWORD count_of(const struct service *service)
{
    DWORD count = 0;
    while (count < MOST_ARGUMENTS && service->arguments[count].kind != KIND_NONE)
        count++;
    return count;
}

static inline BOOL is_pointer(const struct argument *argument)
{
    return argument->kind >= KIND_WORD;
}

// Stores what a pointer argument points to when it is good.
static inline void store_good(const struct argument *argument, DWORD at)
{
    DWORD cell[6] = {argument->good};
    if (argument->kind == KIND_ATTRIBUTES) {
        cell[0] = 0x18;
        cell[2] = argument->good ? (DWORD)&section_name : 0;
    }
    NtWriteVirtualMemory(OWN_PROCESS, (PVOID)at, cell, sizeof cell, NULL);
}

static inline DWORD cell_of(DWORD index)
{
    return (DWORD)good_page + (service->arguments[index].kind == KIND_BUFFER ? BUFFERS : index * CELL);
}

static inline void set_good(DWORD index)
{
    const struct argument *argument = &service->arguments[index];
    switch (argument->kind) {
    case KIND_PROCESS:
        words[index] = (DWORD)process;
        return;
    case KIND_SECTION:
        words[index] = (DWORD)section_handles[argument->good];
        return;
    case KIND_FILE:
        words[index] = (DWORD)files[FILE_READ];
        return;
    default:
        words[index] = argument->good;
        break;
    }
    if (is_pointer(argument)) {
        words[index] = cell_of(index);
        store_good(argument, words[index]);
    }
}

static inline HANDLE duplicate(HANDLE of, ACCESS_MASK access)
{
    HANDLE handle = NULL;
    need_true(__LINE__, "a handle", DuplicateHandle(OWN_PROCESS, of, OWN_PROCESS, &handle, access, FALSE, 0));
    return handle;
}

// Good arguments throughout, by handles that allow what is needed and no more.
static inline void prepare(const struct service *chosen)
{
    service = chosen;
    DWORD count = count_of(service);
    for (DWORD index = 0; index < count; index++) {
        const struct argument *argument = &service->arguments[index];
        if (argument->kind == KIND_PROCESS) {
            HANDLE own = OpenProcess(PROCESS_ALL_ACCESS, FALSE, GetCurrentProcessId());
            need_true(__LINE__, "the process", own != NULL);
            process = duplicate(own, argument->more);
            CloseHandle(own);
        } else if (argument->kind == KIND_SECTION) {
            section_handles[argument->good] = duplicate(sections[argument->good], argument->more);
        }
    }
    for (DWORD index = 0; index < count; index++)
        set_good(index);
}

static inline void finish_service(void)
{
    for (DWORD index = 0; index < count_of(service); index++) {
        if (service->arguments[index].kind == KIND_PROCESS)
            CloseHandle(process);
        else if (service->arguments[index].kind == KIND_SECTION)
            CloseHandle(section_handles[service->arguments[index].good]);
    }
}

// Takes back what a call has done, if it can be taken back so; else the arena is built anew.
static inline void take_back(void)
{
    DWORD result = 0;
    NtReadVirtualMemory(OWN_PROCESS, (PVOID)words[service->number == 0x6C ? 2 : 0], &result, sizeof result, NULL);
    if (service->number == 0x32 || service->number == 0x7D)
        NtClose((HANDLE)result);
    else if (service->number == 0x6C)
        NtUnmapViewOfSection(OWN_PROCESS, (PVOID)result);
    else if (service->number != 0x11 && service->number != 0x53)
        return;
    if (!is_as_before())
        make_stale(0, 0);
    begin_row();
}

static inline NTSTATUS call(void)
{
    NTSTATUS status = call_by_pointer(service->number, words, count_of(service));
    if (status >= 0)
        take_back();
    return status;
}

// What all services need; the arena stands then.
static inline void begin_services(void)
{
    LARGE_INTEGER size = {.QuadPart = PAGE};
    DWORD attributes[6] = {0x18, 0, (DWORD)&section_name};
    good_page = commit(PAGE);
    need_true(__LINE__, "a page", good_page != NULL);
    need_done(__LINE__, "a section", NtCreateSection(&named_section, SECTION_ALL_ACCESS, attributes, &size, PAGE_READWRITE, SEC_COMMIT, NULL));
    begin_row();
}

#endif
