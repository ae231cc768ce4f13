// Breakpoints in debug registers: where a program executes, stores or loads, of 1, 2 and 4 bytes; what the context then says; what of
// DR7 and of addresses a program may have; handlers that set, move and clear breakpoints in the context.
// expect: exit 0

#include "handler.h"

NTSTATUS NTAPI NtGetContextThread(HANDLE thread, CONTEXT *context);
NTSTATUS NTAPI NtSetContextThread(HANDLE thread, CONTEXT *context);

#define OWN_THREAD ((HANDLE)-2)
#define EXECUTE 0u
#define WRITE 1u
#define READ_WRITE 3u
#define RESUME 0x10000u
#define TRAP 0x100u

static volatile BYTE watched[16] __attribute__((aligned(16)));
// Of each exception: what it said, and what the handler puts into the context.
static DWORD hits, codes[8], addresses[8], statuses[8], flags[8], controls[8], flags_next[8];
static BOOL clears;

static LONG CALLBACK handler(EXCEPTION_POINTERS *pointers)
{
    CONTEXT *context = pointers->ContextRecord;
    if (hits == 8)
        return EXCEPTION_CONTINUE_SEARCH;
    codes[hits] = pointers->ExceptionRecord->ExceptionCode;
    addresses[hits] = context->Eip;
    statuses[hits] = context->Dr6;
    flags[hits] = context->EFlags;
    controls[hits] = context->Dr7;
    EXPECT_EQUAL(pointers->ExceptionRecord->ExceptionAddress, context->Eip);
    EXPECT_EQUAL(pointers->ExceptionRecord->NumberParameters, 0);
    context->EFlags |= flags_next[hits];
    context->Dr6 = 0;
    if (clears)
        context->Dr7 = 0;
    hits++;
    return EXCEPTION_CONTINUE_EXECUTION;
}

// Enables breakpoint `index` alone.
static void set_breakpoint(int index, DWORD address, DWORD kind, DWORD length)
{
    CONTEXT context = {.ContextFlags = CONTEXT_DEBUG_REGISTERS};
    (&context.Dr0)[index] = address;
    context.Dr7 = 1u << index * 2 | kind << (16 + index * 4) | (length - 1) << (18 + index * 4);
    hits = 0;
    EXPECT_EQUAL(NtSetContextThread(OWN_THREAD, &context), SUCCESS);
}

static void clear_breakpoints(void)
{
    CONTEXT context = {.ContextFlags = CONTEXT_DEBUG_REGISTERS};
    EXPECT_EQUAL(NtSetContextThread(OWN_THREAD, &context), SUCCESS);
}

// At byte `at`: stores and loads of 1, 2 and 4 bytes. `accessed` is where the next instruction is.
void store_byte(DWORD at), store_word(DWORD at), store_long(DWORD at), load_byte(DWORD at);
extern const char store_byte_after[], store_word_after[], store_long_after[], load_byte_after[];
__asm__("_store_byte: movl 4(%esp), %eax\n movb $1, (%eax)\n_store_byte_after: ret\n"
        "_store_word: movl 4(%esp), %eax\n movw $1, (%eax)\n_store_word_after: ret\n"
        "_store_long: movl 4(%esp), %eax\n movl $1, (%eax)\n_store_long_after: ret\n"
        "_load_byte: movl 4(%esp), %eax\n movb (%eax), %al\n_load_byte_after: ret\n");

// Who touches `count` bytes from `offset` on hits a breakpoint of `length` bytes if, and only if, they overlap.
static void data_breakpoints(void)
{
    for (int index = 0; index < 4; index++) {
        for (DWORD length = 1; length <= 4; length *= 2) {
            for (DWORD offset = 0; offset < 12; offset++) {
                BOOL inside = offset >= 4 && offset < 4 + length;
                DWORD at = (DWORD)watched + offset;
                set_breakpoint(index, (DWORD)watched + 4, WRITE, length);
                load_byte(at);
                EXPECT_EQUAL(hits, 0);
                store_byte(at);
                EXPECT_EQUAL(hits, inside);
                if (inside) {
                    EXPECT_EQUAL(codes[0], EXCEPTION_SINGLE_STEP);
                    EXPECT_EQUAL(addresses[0], (DWORD)store_byte_after);
                    EXPECT_EQUAL(statuses[0], 1u << index);
                    EXPECT_EQUAL(flags[0] & (TRAP | RESUME), 0);
                    EXPECT_EQUAL(controls[0], 1u << index * 2 | WRITE << (16 + index * 4) | (length - 1) << (18 + index * 4));
                }
                set_breakpoint(index, (DWORD)watched + 4, READ_WRITE, length);
                load_byte(at);
                store_byte(at);
                EXPECT_EQUAL(hits, inside * 2);
                EXPECT(!inside || addresses[0] == (DWORD)load_byte_after);
            }
        }
    }
    set_breakpoint(0, (DWORD)watched + 7, WRITE, 1);
    store_long((DWORD)watched + 4);
    store_word((DWORD)watched + 6);
    store_long((DWORD)watched + 8);
    store_word((DWORD)watched + 4);
    EXPECT_EQUAL(hits, 2);
    EXPECT_EQUAL(addresses[0], (DWORD)store_long_after);
    EXPECT_EQUAL(addresses[1], (DWORD)store_word_after);
    clear_breakpoints();
    hits = 0;
    store_byte((DWORD)watched + 7);
    EXPECT_EQUAL(hits, 0);
}

// Two at once are one exception. A processor tells of both; QEMU tells of the first it finds.
static void two_at_once(void)
{
    CONTEXT context = {.ContextFlags = CONTEXT_DEBUG_REGISTERS, .Dr1 = (DWORD)watched, .Dr3 = (DWORD)watched + 2};
    context.Dr7 = 1u << 2 | 1u << 6 | WRITE << 20 | READ_WRITE << 28;
    hits = statuses[1] = 0;
    EXPECT_EQUAL(NtSetContextThread(OWN_THREAD, &context), SUCCESS);
    store_long((DWORD)watched);
    EXPECT_EQUAL(hits, 1);
    EXPECT((statuses[0] == 10 || statuses[0] == 2) && statuses[1] == 0);
    clear_breakpoints();
}

void four_nops(void);
extern const char nop_1[], nop_2[];
__asm__("_four_nops: nop\n_nop_1: nop\n_nop_2: nop\n nop\n ret\n");

// An instruction is told of before it executes; with the resume flag it then executes. A step over the one before it does not hide it.
static void execution(void)
{
    fill((volatile char *)flags_next, sizeof flags_next, 0);
    flags_next[0] = RESUME;
    set_breakpoint(2, (DWORD)nop_1, EXECUTE, 1);
    four_nops();
    EXPECT_EQUAL(hits, 1);
    EXPECT_EQUAL(codes[0], EXCEPTION_SINGLE_STEP);
    EXPECT_EQUAL(addresses[0], (DWORD)nop_1);
    EXPECT_EQUAL(statuses[0], 4);
    EXPECT_EQUAL(flags[0] & RESUME, 0);

    flags_next[0] = RESUME | TRAP;
    hits = 0;
    four_nops();
    EXPECT_EQUAL(hits, 2);
    EXPECT_EQUAL(addresses[0], (DWORD)nop_1);
    EXPECT_EQUAL(addresses[1], (DWORD)nop_2);
    EXPECT_EQUAL(statuses[1], 0x4000);
    EXPECT_EQUAL(flags[1] & TRAP, 0);

    // Without it the same instruction is told of again, until the handler clears the breakpoint.
    flags_next[0] = 0;
    clears = TRUE;
    hits = 0;
    four_nops();
    EXPECT_EQUAL(hits, 1);
    four_nops();
    EXPECT_EQUAL(hits, 1);
    clears = FALSE;
}

// Says what the debug registers read back as.
static CONTEXT read_back(DWORD address, DWORD status, DWORD control)
{
    CONTEXT context = {.ContextFlags = CONTEXT_DEBUG_REGISTERS, .Dr0 = address, .Dr6 = status, .Dr7 = control};
    EXPECT_EQUAL(NtSetContextThread(OWN_THREAD, &context), SUCCESS);
    fill((volatile char *)&context, sizeof context, 0x55);
    context.ContextFlags = CONTEXT_DEBUG_REGISTERS;
    EXPECT_EQUAL(NtGetContextThread(OWN_THREAD, &context), SUCCESS);
    EXPECT_EQUAL(context.Dr1, 0);
    EXPECT_EQUAL(context.Eip, 0x55555555);
    return context;
}

static void what_is_refused(void)
{
    static const DWORD kernel[] = {0x7FFF0000, 0x80000000, 0x80400000, 0xC0000000, 0xFFDF0000, 0xFFFFFFFF};
    for (int index = 0; index < 6; index++) {
        CONTEXT context = read_back(kernel[index], 0, 0xF0001);
        EXPECT_EQUAL(context.Dr0, 0);
        EXPECT_EQUAL(context.Dr7, 0xF0001);
        Sleep(1);
    }
    EXPECT_EQUAL(read_back(0x7FFE0000, 0, 1).Dr0, 0x7FFE0000);
    EXPECT_EQUAL(read_back(0x400000, 0xFFFFFFFF, 1).Dr6, 0xE00F);
    // Without any enabled there are none.
    EXPECT_EQUAL(read_back(0x400000, 0xFFFFFFFF, 0xFFFF0100).Dr0, 0);
    for (int bit = 0; bit < 16; bit++) {
        EXPECT_EQUAL(read_back((DWORD)nop_1, 0, 1u << bit).Dr7, 0x55 & 1u << bit);
        EXPECT_EQUAL(read_back((DWORD)nop_1, 0, 1u << bit | 1).Dr7, 1 | (0x155 & 1u << bit));
        EXPECT_EQUAL(read_back((DWORD)nop_1, 0, 1u << bit).Dr7, 0x55 & 1u << bit);
        // Enabled for all tasks, watched over (GD): nothing comes of it.
        hits = 0;
        fill((volatile char *)flags_next, sizeof flags_next, 0);
        flags_next[0] = RESUME;
        four_nops();
        EXPECT_EQUAL(hits, bit == 0);
    }
    EXPECT_EQUAL(read_back(0, 0, 0xFFFFFFFF).Dr7, 0xFFFF0155);
    clear_breakpoints();
}

// A handler in a frame of the stack finds and changes the same.
static DWORD __cdecl moving(EXCEPTION_RECORD *record, registration *own, CONTEXT *context, void *dispatcher)
{
    (void)own, (void)dispatcher;
    if (record->ExceptionFlags & 6)
        return SEARCH;
    calls++;
    if (record->ExceptionCode == EXCEPTION_BREAKPOINT) {
        context->Eip += 1;
        context->Dr2 = (DWORD)watched + 8;
        context->Dr7 = 0x10 | WRITE << 24 | 3u << 26;
    } else {
        EXPECT_EQUAL(context->Dr6, 4);
        context->Dr2 += 4;
    }
    return GO_ON;
}

static void from_a_frame(void)
{
    registration own;
    calls = 0;
    push_handler(&own, moving);
    __asm__ volatile("int3");
    store_byte((DWORD)watched + 12);
    EXPECT_EQUAL(calls, 1);
    store_byte((DWORD)watched + 10);
    EXPECT_EQUAL(calls, 2);
    store_byte((DWORD)watched + 10);
    EXPECT_EQUAL(calls, 2);
    store_byte((DWORD)watched + 13);
    EXPECT_EQUAL(calls, 3);
    pop_handler(&own);
    clear_breakpoints();
}

static void test(void)
{
    PVOID vectored = AddVectoredExceptionHandler(1, handler);
    data_breakpoints();
    two_at_once();
    execution();
    what_is_refused();
    EXPECT(RemoveVectoredExceptionHandler(vectored));
    from_a_frame();
}
