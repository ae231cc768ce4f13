// Every pointer, handle and flag argument of every memory service with every bad value, by the table of bad_arguments.rows: XP's status, and
// nothing has changed.
// expect: exit 0
#include "../rows/bad_arguments.h"

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

// Pages with something wrong.
static char *bad_pages;

static HANDLE other_type;
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

static void run_rows(void)
{
    begin_services();
    bad_pages = commit(4 * PAGE);
    other_type = CreateEventA(NULL, TRUE, FALSE, NULL);
    need_true(__LINE__, "pages and an event", bad_pages != NULL && other_type != NULL);
    need_done(__LINE__, "no access", protect_at(bad_pages + 2 * PAGE, PAGE, PAGE_NOACCESS));
    need_done(__LINE__, "a hole", free_at(bad_pages + 3 * PAGE, PAGE, MEM_DECOMMIT));
    for (DWORD index = 0; index < SERVICES; index++)
        try_service(&services[index]);
    put_decimal(tried);
    put(" calls with bad arguments\n");
}
