// A stack overflow reaches the handler, on the last page, with its parameters; the thread goes on further up.
// expect: exit 0
#include "handler.h"

DWORD escape_esp, escape_ebp;

static int recurse(volatile int depth)
{
    volatile char room[1000];
    room[0] = (char)depth;
    return depth >= 0 ? recurse(depth + 1) + room[0] : 0;
}

void recurse_once(void)
{
    recurse(0);
}

void overflow(void);
extern const char overflow_after[];
__asm__("_overflow: pushl %ebp; pushl %ebx; pushl %esi; pushl %edi; movl %esp, _escape_esp; call _recurse_once;"
        "_overflow_after: popl %edi; popl %esi; popl %ebx; popl %ebp; ret");

static DWORD __cdecl escaping(EXCEPTION_RECORD *record, registration *own, CONTEXT *context, void *dispatcher)
{
    noting_handler(record, own, context, dispatcher);
    context->Esp = escape_esp;
    return GO_ON;
}

static void test(void)
{
    registration own;
    push_handler(&own, escaping);
    resume_at = overflow_after;
    overflow();
    pop_handler(&own);
    EXPECT_EQUAL(seen.ExceptionCode, 0xC00000FD);
    EXPECT_EQUAL(seen.NumberParameters, 2);
    EXPECT_EQUAL(seen.ExceptionInformation[0], 1);
    EXPECT(seen.ExceptionInformation[1] <= seen_context.Esp + PAGE && seen.ExceptionInformation[1] >= seen_context.Esp - PAGE);
}
