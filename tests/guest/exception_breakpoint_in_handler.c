// An int 3 in a handler is an exception of its own: nested for the handler it came from, and the outer one sees both.
// expect: exit 0
#include "handler.h"

static DWORD nested_flags, codes[4];
static int count;

static DWORD __cdecl breaking(EXCEPTION_RECORD *record, registration *own, CONTEXT *context, void *dispatcher)
{
    (void)own, (void)dispatcher, (void)context;
    if (record->ExceptionCode == 0xC0000005)
        __asm__ volatile("int3");
    else
        nested_flags = record->ExceptionFlags;
    return SEARCH;
}

static DWORD __cdecl outer(EXCEPTION_RECORD *record, registration *own, CONTEXT *context, void *dispatcher)
{
    (void)own, (void)dispatcher;
    codes[count++ & 3] = record->ExceptionCode;
    EXPECT_EQUAL(record->ExceptionFlags, 0);
    if (record->ExceptionCode == 0x80000003)
        context->Eip++;
    else
        context->Eip = (DWORD)resume_at;
    return GO_ON;
}

SNIPPET(read_null, "", "movl 4, %eax");

static void test(void)
{
    // The outer one has to lie above.
    registration both[2];
    push_handler(&both[1], outer);
    push_handler(&both[0], breaking);
    resume_at = read_null_after;
    read_null();
    EXPECT_EQUAL(count, 2);
    EXPECT_EQUAL(codes[0], 0x80000003);
    EXPECT_EQUAL(codes[1], 0xC0000005);
    EXPECT_EQUAL(nested_flags, 0x10);
    pop_handler(&both[0]);
    pop_handler(&both[1]);
}
