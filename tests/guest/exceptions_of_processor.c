// Every exception of the processor reaches a handler with XP's code, address and parameters, and the thread goes on where the
// handler says.
// expect: exit 0
#include "handler.h"

SNIPPET(divide, "xorl %edx, %edx; movl $1, %eax; xorl %ecx, %ecx;", "divl %ecx");
SNIPPET(divide_overflow, "movl $0x80000000, %eax; cltd; movl $-1, %ecx;", "idivl %ecx");
SNIPPET(into_trap, "movb $0x7F, %al; addb $1, %al;", "into");
SNIPPET(bound_trap, "pushl $1; pushl $0; movl $5, %eax; movl %esp, %ecx; addl $8, %esp;", "boundl %eax, (%ecx)");
SNIPPET(undefined, "", "ud2");
SNIPPET(privileged, "", "hlt");
SNIPPET(selector, "movl $8, %eax; movw %ds, %cx;", "movw %ax, %es");
SNIPPET(breakpoint, "movl $0x1111, %ecx; movl $0x2222, %edx;", "int3");
SNIPPET(long_breakpoint, "", ".byte 0xCD, 3");
SNIPPET(stepped, "pushfl; orl $0x100, (%esp); popfl; nop;", "nop");
SNIPPET(read_null, "xorl %eax, %eax;", "movl 4(%eax), %eax");
SNIPPET(write_kernel, "movl $0x80001000, %eax;", "movl %eax, (%eax)");
SNIPPET(read_last, "movl $-1, %eax;", "movb (%eax), %al");

SNIPPET(unaligned, "movl _aligned, %eax; pushfl; orl $0x40000, (%esp); popfl;", "movl 1(%eax), %eax");
DWORD aligned_words[2];
DWORD *aligned = aligned_words;

// QEMU's own translator does not check alignment.
static void alignment(void)
{
    registration own;
    push_handler(&own, noting_handler);
    calls = 0;
    resume_at = unaligned_after;
    unaligned();
    __asm__ volatile("pushfl; andl $~0x40000, (%%esp); popfl" : : : "cc", "memory");
    pop_handler(&own);
    if (calls != 0) {
        EXPECT_EQUAL(seen.ExceptionCode, 0x80000002);
        EXPECT_EQUAL(seen.ExceptionAddress, (DWORD)unaligned_at);
        EXPECT_EQUAL(seen.NumberParameters, 0);
    }
}

static void processor(void)
{
    EXPECT_EXCEPTION(divide, 0xC0000094, divide_at, divide_at, 0);
    EXPECT_EXCEPTION(divide_overflow, 0xC0000094, divide_overflow_at, divide_overflow_at, 0);
    EXPECT_EXCEPTION(into_trap, 0xC0000095, into_trap_at, into_trap_after, 0);
    EXPECT_EXCEPTION(bound_trap, 0xC000008C, bound_trap_at, bound_trap_at, 0);
    EXPECT_EXCEPTION(undefined, 0xC000001D, undefined_at, undefined_at, 0);
    EXPECT_EXCEPTION(privileged, 0xC0000096, privileged_at, privileged_at, 0);
    EXPECT_EXCEPTION(selector, 0xC0000005, selector_at, selector_at, 2);
    EXPECT_EQUAL(seen.ExceptionInformation[0], 0);
    EXPECT_EQUAL(seen.ExceptionInformation[1], 0xFFFFFFFF);
    EXPECT_EXCEPTION(breakpoint, 0x80000003, breakpoint_at, breakpoint_at, 3);
    EXPECT_EQUAL(seen.ExceptionInformation[0], 0);
    EXPECT_EQUAL(seen.ExceptionInformation[1], 0x1111);
    EXPECT_EQUAL(seen.ExceptionInformation[2], 0x2222);
    EXPECT_EXCEPTION(long_breakpoint, 0x80000003, long_breakpoint_at + 1, long_breakpoint_at + 1, 3);
    EXPECT_EXCEPTION(stepped, 0x80000004, stepped_at, stepped_at, 0);
    EXPECT_EQUAL(seen_context.EFlags & 0x100, 0);
}

static void memory(void)
{
    EXPECT_EXCEPTION(read_null, 0xC0000005, read_null_at, read_null_at, 2);
    EXPECT_EQUAL(seen.ExceptionInformation[0], 0);
    EXPECT_EQUAL(seen.ExceptionInformation[1], 4);
    EXPECT_EXCEPTION(write_kernel, 0xC0000005, write_kernel_at, write_kernel_at, 2);
    EXPECT_EQUAL(seen.ExceptionInformation[0], 1);
    EXPECT_EQUAL(seen.ExceptionInformation[1], 0x80001000);
    EXPECT_EXCEPTION(read_last, 0xC0000005, read_last_at, read_last_at, 2);
    EXPECT_EQUAL(seen.ExceptionInformation[1], 0xFFFFFFFF);
}

static volatile char *guarded;

static void touch_guarded(void)
{
    guarded[5] = 1;
}

// A guard page is an exception once; going on in place works.
static void guard(void)
{
    registration own;
    guarded = commit(PAGE);
    EXPECT_EQUAL(protect_at((PVOID)guarded, PAGE, PAGE_READWRITE | PAGE_GUARD), SUCCESS);
    push_handler(&own, noting_handler);
    calls = 0;
    resume_at = NULL;
    touch_guarded();
    touch_guarded();
    pop_handler(&own);
    EXPECT_EQUAL(calls, 1);
    EXPECT_EQUAL(seen.ExceptionCode, 0x80000001);
    EXPECT_EQUAL(seen.NumberParameters, 2);
    EXPECT_EQUAL(seen.ExceptionInformation[0], 1);
    EXPECT_EQUAL(seen.ExceptionInformation[1], (DWORD)guarded + 5);
    EXPECT_EQUAL(guarded[5], 1);
}

// A call to where nothing is: the handler takes the return address off the stack.
static DWORD __cdecl returning_handler(EXCEPTION_RECORD *record, registration *own, CONTEXT *context, void *dispatcher)
{
    noting_handler(record, own, context, dispatcher);
    context->Eip = *(DWORD *)context->Esp;
    context->Esp += 4;
    return GO_ON;
}

static void execution(void)
{
    registration own;
    push_handler(&own, returning_handler);
    resume_at = NULL;
    call_address(0x00001234);
    pop_handler(&own);
    EXPECT_EQUAL(seen.ExceptionCode, 0xC0000005);
    EXPECT_EQUAL(seen.ExceptionAddress, 0x1234);
    EXPECT_EQUAL(seen.ExceptionInformation[1], 0x1234);
    EXPECT_EQUAL(seen.ExceptionInformation[0], IsProcessorFeaturePresent(12) ? 8 : 0);
}

// What the handler is shown: the registers of the moment, and that it may change all of them.
static DWORD __cdecl doubling_handler(EXCEPTION_RECORD *record, registration *own, CONTEXT *context, void *dispatcher)
{
    (void)record, (void)own, (void)dispatcher;
    EXPECT_EQUAL(context->ContextFlags, 0x1003F);
    EXPECT_EQUAL(context->SegCs, 0x1B);
    EXPECT_EQUAL(context->SegSs, 0x23);
    EXPECT_EQUAL(context->SegFs, 0x3B);
    EXPECT_EQUAL(context->EFlags & 0x8D5, 0x0D5);
    context->Eax += 0x10;
    context->Ebx += 0x10;
    context->Ecx += 0x10;
    context->Edx += 0x10;
    context->Esi += 0x10;
    context->Edi += 0x10;
    context->EFlags ^= 0x41;
    context->Eip += 2;
    return GO_ON;
}

static void registers(void)
{
    registration own;
    DWORD a = 1, b = 2, c = 3, d = 4, source = 5, destination = 6, flags;
    push_handler(&own, doubling_handler);
    __asm__ volatile("pushl $0xD7; popfl; ud2; pushfl; popl %6"
                     : "+a"(a), "+b"(b), "+c"(c), "+d"(d), "+S"(source), "+D"(destination), "=m"(flags) : : "cc", "memory");
    pop_handler(&own);
    EXPECT_EQUAL(a, 0x11);
    EXPECT_EQUAL(b, 0x12);
    EXPECT_EQUAL(c, 0x13);
    EXPECT_EQUAL(d, 0x14);
    EXPECT_EQUAL(source, 0x15);
    EXPECT_EQUAL(destination, 0x16);
    EXPECT_EQUAL(flags & 0x8D5, 0x094);
}

static void test(void)
{
    processor();
    alignment();
    memory();
    guard();
    execution();
    registers();
}
