// Every pointer, handle and flag argument of every memory service with every bad value, by the table of bad_arguments.rows: XP's status, and
// nothing has changed.
// expect: exit 0
#include "../rows/rows.h"
#include "system_call.h"

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
#include "../rows/bad_arguments.rows"
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
#include "../rows/bad_arguments.rows"
#undef SERVICE
};
#undef EXTRA

static const struct extra {
    int line;
    DWORD service, argument, value;
    NTSTATUS status;
} extras[] = {
#define SERVICE(...)
#define EXTRA(service, ...) {__LINE__, service_##service, __VA_ARGS__},
#include "../rows/bad_arguments.rows"
};

// ---- Bad pointers ---------------------------------------------------------------------------------------------------

enum place { NULL_POINTER, ONE_OFF, TWO_OFF, LAST_BYTE, PROBE_ADDRESS, KERNEL, TOP, READ_ONLY, GUARDED, NO_ACCESS, RESERVED, PLACES };

// The status that the service has with good arguments.
#define GOOD ((NTSTATUS)0x00000123)
#define AV STATUS_ACCESS_VIOLATION
#define GV STATUS_GUARD_PAGE_VIOLATION
#define MIS STATUS_DATATYPE_MISALIGNMENT
#define PART STATUS_PARTIAL_COPY

static const NTSTATUS of_pointers[KINDS][PLACES] = {
    // null, one and two bytes off, last byte, 7FFF0000, 80000000, FFFFFFFF, read-only, guard, no access, reserved
    [KIND_WORD] = {AV, GOOD, GOOD, AV, AV, AV, AV, AV, GV, AV, AV},
    [KIND_OPTIONAL] = {GOOD, GOOD, GOOD, AV, AV, AV, AV, AV, GV, AV, AV},
    [KIND_LONG_READ] = {STATUS_INVALID_PARAMETER_4, GOOD, GOOD, AV, AV, AV, AV, GOOD, GV, AV, AV},
    [KIND_LONG_OR_NONE] = {GOOD, GOOD, GOOD, AV, AV, AV, AV, GOOD, GV, AV, AV},
    [KIND_LONG_STORED] = {GOOD, GOOD, GOOD, AV, AV, AV, AV, AV, GV, AV, AV},
    [KIND_LONG_IN_OUT] = {AV, GOOD, GOOD, AV, AV, AV, AV, AV, GV, AV, AV},
    [KIND_ATTRIBUTES] = {GOOD, MIS, MIS, MIS, AV, AV, MIS, GOOD, GV, AV, AV},
    [KIND_BUFFER] = {AV, MIS, MIS, MIS, AV, AV, MIS, AV, GV, AV, AV},
    [KIND_TARGET] = {AV, GOOD, GOOD, AV, AV, AV, AV, AV, GV, AV, AV},
    [KIND_SOURCE] = {PART, GOOD, GOOD, AV, AV, AV, AV, GOOD, PART, PART, PART},
};

// Pages with something wrong, and one with good cells of 64 bytes each, one for each argument.
#define CELL 0x40
#define BUFFERS 0x400
static char *good_page, *bad_pages;

static struct {
    USHORT length, room;
    const WCHAR *text;
} section_name = {34, 36, L"\\rows bad section"};

// ---- One call -------------------------------------------------------------------------------------------------------

static DWORD words[MOST_ARGUMENTS];
static const struct service *service;
static HANDLE process, section_handles[SECTIONS], other_type, named_section;

static DWORD count_of(const struct service *service)
{
    DWORD count = 0;
    while (count < MOST_ARGUMENTS && service->arguments[count].kind != KIND_NONE)
        count++;
    return count;
}

static BOOL is_pointer(const struct argument *argument)
{
    return argument->kind >= KIND_WORD;
}

// Stores what a pointer argument points to when it is good.
static void store_good(const struct argument *argument, DWORD at)
{
    DWORD cell[6] = {argument->good};
    if (argument->kind == KIND_ATTRIBUTES) {
        cell[0] = 0x18;
        cell[2] = argument->good ? (DWORD)&section_name : 0;
    }
    NtWriteVirtualMemory(OWN_PROCESS, (PVOID)at, cell, sizeof cell, NULL);
}

static DWORD cell_of(DWORD index)
{
    return (DWORD)good_page + (service->arguments[index].kind == KIND_BUFFER ? BUFFERS : index * CELL);
}

static void set_good(DWORD index)
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

static HANDLE duplicate(HANDLE of, ACCESS_MASK access)
{
    HANDLE handle = NULL;
    need_true(__LINE__, "a handle", DuplicateHandle(OWN_PROCESS, of, OWN_PROCESS, &handle, access, FALSE, 0));
    return handle;
}

// Good arguments throughout, by handles that allow what is needed and no more.
static void prepare(const struct service *chosen)
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

static void finish_service(void)
{
    for (DWORD index = 0; index < count_of(service); index++) {
        if (service->arguments[index].kind == KIND_PROCESS)
            CloseHandle(process);
        else if (service->arguments[index].kind == KIND_SECTION)
            CloseHandle(section_handles[service->arguments[index].good]);
    }
}

// Takes back what a call has done, if it can be taken back so; else the arena is built anew.
static void take_back(void)
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

static NTSTATUS call(void)
{
    NTSTATUS status = call_by_pointer(service->number, words, count_of(service));
    if (status >= 0)
        take_back();
    return status;
}

static DWORD tried;

static void expect_call(DWORD argument, DWORD value, NTSTATUS expected)
{
    tried++;
    words[argument] = value;
    NTSTATUS status = call();
    if (expected == GOOD)
        expected = service->good;
    if (lacks(status) && !lacks(expected)) {
        put("there is no memory\n");
        ExitProcess(1);
    }
    if (status != expected) {
        put(service->name);
        put(", argument ");
        put_decimal(argument);
        put(" = ");
        put_hex(value);
        put(": ");
        put_hex((DWORD)status);
        put(", not ");
        put_hex((DWORD)expected);
        put("\n");
        if (++failures >= MOST_FAILURES)
            ExitProcess(1);
    }
    // What went in and out is as it was for the next call.
    for (DWORD index = 0; index < count_of(service); index++)
        set_good(index);
}

// ---- Everything bad -------------------------------------------------------------------------------------------------

static DWORD address_of(enum place place, DWORD index)
{
    const DWORD fixed[] = {[LAST_BYTE] = 0x7FFEFFFF, [PROBE_ADDRESS] = 0x7FFF0000, [KERNEL] = 0x80000000, [TOP] = 0xFFFFFFFF};
    switch (place) {
    case NULL_POINTER:
        return 0;
    case ONE_OFF:
    case TWO_OFF:
        return cell_of(index) + 0x21 + (place - ONE_OFF);
    case READ_ONLY:
    case GUARDED:
    case NO_ACCESS:
    case RESERVED:
        return (DWORD)bad_pages + (place - READ_ONLY) * PAGE + index * CELL;
    default:
        return fixed[place];
    }
}

// The pages as they are to be, with good contents where they may be read.
static void set_pages(const struct argument *argument, DWORD index, enum place place)
{
    DWORD at = address_of(place, index);
    if (place == ONE_OFF || place == TWO_OFF) {
        store_good(argument, at);
    } else if (place == READ_ONLY) {
        need_done(__LINE__, "a protection", protect_at(bad_pages, PAGE, PAGE_READWRITE));
        store_good(argument, at);
        need_done(__LINE__, "a protection", protect_at(bad_pages, PAGE, PAGE_READONLY));
    } else if (place == GUARDED) {
        need_done(__LINE__, "a protection", protect_at(bad_pages + PAGE, PAGE, PAGE_READWRITE | PAGE_GUARD));
    }
}

static void try_pointer(DWORD index)
{
    const struct argument *argument = &service->arguments[index];
    for (enum place place = NULL_POINTER; place < PLACES; place++) {
        NTSTATUS expected = of_pointers[argument->kind][place];
        if (place == NULL_POINTER && argument->kind == KIND_ATTRIBUTES && argument->good)
            expected = STATUS_INVALID_PARAMETER;
        set_pages(argument, index, place);
        expect_call(index, address_of(place, index), expected);
        // The guard told of the access, and is gone; no access has ever taken the others away.
        if (place == GUARDED && region_at((DWORD)bad_pages + PAGE).Protect != PAGE_READWRITE)
            complain((int)index, "the guard is still there");
    }
}

static void try_handle(DWORD index)
{
    const struct argument *argument = &service->arguments[index];
    const BOOL process_handle = argument->kind == KIND_PROCESS;
    HANDLE closed = duplicate(other_type, EVENT_ALL_ACCESS), less = NULL;
    CloseHandle(closed);
    // Without a file a section is one of memory, and of no bytes.
    expect_call(index, 0, argument->kind == KIND_NO_FILE ? GOOD : argument->kind == KIND_FILE ? STATUS_INVALID_PARAMETER_4 : STATUS_INVALID_HANDLE);
    const DWORD invalid[] = {(DWORD)closed, 0x7777, 0x7FFFFFFC, 0x7FFF0000, 0x80000000, 0x80000004, 0xFFFFFFF0};
    for (DWORD bad = 0; bad < sizeof invalid / sizeof *invalid; bad++)
        expect_call(index, invalid[bad], STATUS_INVALID_HANDLE);
    expect_call(index, 0xFFFFFFFF, process_handle ? GOOD : STATUS_OBJECT_TYPE_MISMATCH);
    expect_call(index, 0xFFFFFFFE, STATUS_OBJECT_TYPE_MISMATCH);
    expect_call(index, (DWORD)other_type, STATUS_OBJECT_TYPE_MISMATCH);
    if (argument->kind == KIND_NO_FILE)
        return;
    // The low bits of a handle are the program's.
    for (DWORD bits = 1; bits < 4; bits++)
        expect_call(index, words[index] | bits, GOOD);
    if (process_handle)
        less = OpenProcess(PROCESS_ALL_ACCESS & ~argument->more, FALSE, GetCurrentProcessId());
    else if (argument->kind == KIND_SECTION)
        less = duplicate(sections[argument->good], SECTION_ALL_ACCESS & ~argument->more);
    else
        less = duplicate(files[FILE_NEITHER], FILE_READ_ATTRIBUTES);
    expect_call(index, (DWORD)less, STATUS_ACCESS_DENIED);
    CloseHandle(less);
}

static void try_bits(DWORD index)
{
    const struct argument *argument = &service->arguments[index];
    for (DWORD bit = 1; bit != 0; bit <<= 1) {
        if (argument->more & bit)
            continue;
        expect_call(index, bit, argument->status);
        expect_call(index, argument->good | bit, argument->status);
    }
}

static void try_service(const struct service *chosen)
{
    prepare(chosen);
    expect_call(0, words[0], GOOD);
    for (DWORD index = 0; index < count_of(service); index++) {
        enum kind kind = service->arguments[index].kind;
        if (is_pointer(&service->arguments[index]))
            try_pointer(index);
        else if (kind == KIND_BITS)
            try_bits(index);
        else if (kind != KIND_NUMBER)
            try_handle(index);
        end_row((int)index, -1, 0, 0);
        begin_row();
    }
    for (DWORD index = 0; index < sizeof extras / sizeof *extras; index++)
        if (&services[extras[index].service] == service)
            expect_call(extras[index].argument, extras[index].value, extras[index].status);
    end_row(0, -1, 0, 0);
    begin_row();
    finish_service();
}

// ---- A page that comes and goes -------------------------------------------------------------------------------------

NTSTATUS NTAPI NtYieldExecution(void);

#define ROUNDS 6

static char *fickle_page;
static volatile LONG over;
static DWORD found_there, found_gone;

static DWORD WINAPI come_and_go(PVOID unused)
{
    (void)unused;
    while (!over) {
        free_at(fickle_page, PAGE, MEM_DECOMMIT);
        NtYieldExecution();
        allocate_at(fickle_page, PAGE, MEM_COMMIT, PAGE_READWRITE);
        NtYieldExecution();
    }
    return 0;
}

// Where the page has gone and come between, it is full of zeros: each service has its own word for those.
static BOOL is_refusal_of_zeros(NTSTATUS status)
{
    static const NTSTATUS refusals[] = {
        STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER_2, STATUS_INVALID_PARAMETER_3, STATUS_INVALID_PARAMETER_4, STATUS_CONFLICTING_ADDRESSES,
        STATUS_MEMORY_NOT_ALLOCATED, STATUS_NOT_MAPPED_VIEW,
    };
    for (unsigned index = 0; index < sizeof refusals / sizeof *refusals; index++)
        if (refusals[index] == status)
            return TRUE;
    return FALSE;
}

static void try_fickle(DWORD index)
{
    for (DWORD round = 0; round < ROUNDS; round++) {
        DWORD at = (DWORD)fickle_page + index * CELL;
        store_good(&service->arguments[index], at);
        words[index] = at;
        if (round & 1)
            NtYieldExecution();
        NTSTATUS status = call();
        found_there += status >= 0;
        found_gone += status == AV || status == PART;
        if (status < 0 && status != service->good && status != AV && status != PART && !is_refusal_of_zeros(status))
            expect_of_row((int)index, service->name, (DWORD)status, (DWORD)service->good);
        tried++;
        set_good(index);
        NtYieldExecution();
    }
    make_stale(0, 0);
    begin_row();
}

static void try_all_fickle(void)
{
    fickle_page = commit(PAGE);
    HANDLE thread = CreateThread(NULL, 0, come_and_go, NULL, 0, NULL);
    need_true(__LINE__, "a thread", fickle_page != NULL && thread != NULL);
    for (DWORD number = 0; number < SERVICES; number++) {
        prepare(&services[number]);
        for (DWORD index = 0; index < count_of(service); index++)
            if (is_pointer(&service->arguments[index]))
                try_fickle(index);
        finish_service();
    }
    over = 1;
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    EXPECT(found_there != 0 && found_gone != 0);
}

static void run_rows(void)
{
    LARGE_INTEGER size = {.QuadPart = PAGE};
    DWORD attributes[6] = {0x18, 0, (DWORD)&section_name};
    good_page = commit(PAGE);
    bad_pages = commit(4 * PAGE);
    other_type = CreateEventA(NULL, TRUE, FALSE, NULL);
    need_true(__LINE__, "pages", good_page != NULL && bad_pages != NULL && other_type != NULL);
    need_done(__LINE__, "a section", NtCreateSection(&named_section, SECTION_ALL_ACCESS, attributes, &size, PAGE_READWRITE, SEC_COMMIT, NULL));
    need_done(__LINE__, "no access", protect_at(bad_pages + 2 * PAGE, PAGE, PAGE_NOACCESS));
    need_done(__LINE__, "a hole", free_at(bad_pages + 3 * PAGE, PAGE, MEM_DECOMMIT));
    begin_row();
    for (DWORD index = 0; index < SERVICES; index++)
        try_service(&services[index]);
    try_all_fickle();
    put_decimal(tried);
    put(" calls with bad arguments\n");
}
