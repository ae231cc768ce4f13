// The chain: who is asked, RtlUnwind with all registers right after it, vectored handlers, RaiseException, and answers that are none.
// expect: exit 0
#include "handler.h"

static int order[8], ordered;

#define NOTING(name, number, answer) \
    static DWORD __cdecl name(EXCEPTION_RECORD *record, registration *own, CONTEXT *context, void *dispatcher) \
    { \
        (void)own, (void)context, (void)dispatcher; \
        order[ordered++ & 7] = number + (record->ExceptionFlags & 6 ? 10 : 0); \
        return record->ExceptionFlags & 6 ? SEARCH : (DWORD)(answer); \
    }
NOTING(first, 1, SEARCH)
NOTING(second, 2, SEARCH)
NOTING(third, 3, GO_ON)

DWORD kept[6];

// RtlUnwind(target, 0, 0, 0x77), and what the registers are after it; ESP and EBP before and after.
DWORD __cdecl unwind_to(registration *target);
__asm__("_unwind_to: pushl %ebp; pushl %ebx; pushl %esi; pushl %edi; movl 20(%esp), %eax;"
        "movl $0x11, %ebx; movl $0x22, %esi; movl $0x33, %edi; movl $0x44, %ebp; movl %esp, _kept+16;"
        "pushl $0x77; pushl $0; pushl $0; pushl %eax; call _RtlUnwind@16;"
        "movl %ebx, _kept; movl %esi, _kept+4; movl %edi, _kept+8; movl %esp, _kept+12; movl %ebp, _kept+20;"
        "popl %edi; popl %esi; popl %ebx; popl %ebp; ret");

static void the_chain(void)
{
    // The outer ones have to lie above.
    registration all[3];
    ordered = 0;
    push_handler(&all[2], third);
    push_handler(&all[1], second);
    push_handler(&all[0], first);
    RaiseException(0xE0000001, 0, 0, NULL);
    EXPECT_EQUAL(ordered, 3);
    EXPECT(order[0] == 1 && order[1] == 2 && order[2] == 3);

    // Unwinding to the third leaves it at the head, and keeps every register but EAX.
    ordered = 0;
    DWORD result = unwind_to(&all[2]);
    EXPECT_EQUAL(result, 0x77);
    EXPECT_EQUAL(kept[0], 0x11);
    EXPECT_EQUAL(kept[1], 0x22);
    EXPECT_EQUAL(kept[2], 0x33);
    EXPECT_EQUAL(kept[3], kept[4]);
    EXPECT_EQUAL(kept[5], 0x44);
    EXPECT_EQUAL(ordered, 2);
    EXPECT(order[0] == 11 && order[1] == 12);
    EXPECT_EQUAL(chain(), (DWORD)&all[2]);
    pop_handler(&all[2]);
}

static void raised(void)
{
    ULONG_PTR words[20];
    for (int index = 0; index < 20; index++)
        words[index] = 100 + index;
    registration own;
    push_handler(&own, noting_handler);
    resume_at = NULL;
    calls = 0;
    RaiseException(0xE0000002, 0, 20, words);
    EXPECT_EQUAL(calls, 1);
    EXPECT_EQUAL(seen.ExceptionCode, 0xE0000002);
    EXPECT_EQUAL(seen.NumberParameters, 15);
    EXPECT_EQUAL(seen.ExceptionInformation[14], 114);
    EXPECT_EQUAL(seen.ExceptionAddress, seen_context.Eip);
    EXPECT((DWORD)seen.ExceptionAddress - (DWORD)GetProcAddress(GetModuleHandleA("kernel32"), "RaiseException") < 0x400);
    RaiseException(0xE0000003, 0, 3, NULL);
    EXPECT_EQUAL(seen.NumberParameters, 0);
    pop_handler(&own);
}

// An exception that may not be continued, and an answer that is none, are followed by another, which names the first.
static DWORD __cdecl escaping(EXCEPTION_RECORD *record, registration *own, CONTEXT *context, void *dispatcher)
{
    static int step;
    (void)dispatcher;
    if (record->ExceptionFlags & 6)
        return SEARCH;
    if (step == 0) {
        step = 1;
        EXPECT_EQUAL(record->ExceptionFlags, 1);
        return GO_ON;
    }
    seen = *record;
    step = 0;
    RtlUnwind(own, NULL, NULL, NULL);
    set_chain(own->next);
    context = NULL;
    // Back to where `escape` said, with its stack and frame.
    __asm__ volatile("movl _escape_esp, %%esp; movl _escape_ebp, %%ebp; jmp *_escape_eip" : : "r"(context));
    return SEARCH;
}

DWORD escape_esp, escape_ebp;
const void *escape_eip;

static void __attribute__((noinline)) followed(DWORD(__cdecl *inner)(EXCEPTION_RECORD *, registration *, CONTEXT *, void *), DWORD flags)
{
    registration both[2];
    push_handler(&both[1], escaping);
    if (inner != NULL)
        push_handler(&both[0], inner);
    __asm__ volatile("movl %%esp, _escape_esp; movl %%ebp, _escape_ebp; movl $1f, _escape_eip; pushl $0; pushl $0; pushl %0; pushl $0xE0000004; call _RaiseException@16; 1:"
                     : : "r"(flags) : "eax", "ebx", "ecx", "edx", "esi", "edi", "memory", "cc");
}

static LONG CALLBACK vectored_go_on(EXCEPTION_POINTERS *pointers)
{
    order[ordered++ & 7] = 5;
    return pointers->ExceptionRecord->ExceptionCode == 0xE0000006 ? EXCEPTION_CONTINUE_EXECUTION : EXCEPTION_CONTINUE_SEARCH;
}

static LONG CALLBACK vectored_search(EXCEPTION_POINTERS *pointers)
{
    (void)pointers;
    order[ordered++ & 7] = 6;
    return EXCEPTION_CONTINUE_SEARCH;
}

static void vectored(void)
{
    registration own;
    ordered = 0;
    push_handler(&own, third);
    void *last = AddVectoredExceptionHandler(0, vectored_go_on);
    void *before = AddVectoredExceptionHandler(1, vectored_search);
    EXPECT(last != NULL && before != NULL);
    RaiseException(0xE0000005, 0, 0, NULL);
    EXPECT_EQUAL(ordered, 3);
    EXPECT(order[0] == 6 && order[1] == 5 && order[2] == 3);
    RaiseException(0xE0000006, 0, 0, NULL);
    EXPECT_EQUAL(ordered, 5);
    EXPECT(RemoveVectoredExceptionHandler(before) && RemoveVectoredExceptionHandler(last));
    EXPECT(!RemoveVectoredExceptionHandler(last));
    RaiseException(0xE0000005, 0, 0, NULL);
    EXPECT_EQUAL(ordered, 6);
    pop_handler(&own);
}

static void test(void)
{
    the_chain();
    raised();
    followed(NULL, 1);
    EXPECT_EQUAL(seen.ExceptionCode, 0xC0000025);
    EXPECT_EQUAL(seen.ExceptionFlags, 1);
    EXPECT(seen.ExceptionRecord != NULL);
    vectored();
}
