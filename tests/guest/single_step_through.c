// The trap flag, step by step: each instruction of a program once, whatever it is. A system call is one step, by either gate; POPF can
// set and clear the flag itself; INT3 is told of as what it is and stepping goes on after it.
// expect: exit 0

#include "test.h"

#define TRAP 0x100u

extern const char first[], last[], at_int3[];
static DWORD steps, outside, breakpoints, order;
static DWORD seen[32];

static LONG CALLBACK handler(EXCEPTION_POINTERS *pointers)
{
    CONTEXT *context = pointers->ContextRecord;
    if (pointers->ExceptionRecord->ExceptionCode == EXCEPTION_BREAKPOINT) {
        EXPECT_EQUAL(context->Eip, (DWORD)at_int3);
        EXPECT_EQUAL(context->EFlags & TRAP, TRAP);
        breakpoints++;
        order = steps;
        context->Eip++;
        return EXCEPTION_CONTINUE_EXECUTION;
    }
    EXPECT_EQUAL(pointers->ExceptionRecord->ExceptionCode, EXCEPTION_SINGLE_STEP);
    EXPECT_EQUAL(context->EFlags & TRAP, 0);
    EXPECT_EQUAL(context->Dr6, 0x4000);
    if (context->Eip != (DWORD)last)
        context->EFlags |= TRAP;
    if (context->Eip < (DWORD)first || context->Eip > (DWORD)last) {
        outside++;
    } else {
        if (steps < 32)
            seen[steps] = context->Eip;
        steps++;
    }
    return EXCEPTION_CONTINUE_EXECUTION;
}

// Stepped from `first` on; the POPF before `last` ends it. In between: INT 2E, a call through 7FFE0300, INT3, PUSHF, whose image on the
// stack has the flag.
DWORD stepped(void);
__asm__("_stepped:\n"
        "pushl %ebx\n"
        "pushfl\n orl $0x100, (%esp)\n popfl\n"
        "nop\n"
        "_first: movl $0xFFF, %eax\n"
        "int $0x2E\n"
        "movl %eax, %ebx\n"
        "movl $0xFFF, %eax\n"
        "movl $0x7FFE0300, %edx\n"
        "call *(%edx)\n"
        "cmpl %eax, %ebx\n"
        "_at_int3: int3\n"
        "nop\n"
        "pushfl\n"
        "andl $0xFFFFFEFF, (%esp)\n"
        "popfl\n"
        "_last: movl %ebx, %eax\n"
        "popl %ebx\n"
        "ret\n");

static void test(void)
{
    AddVectoredExceptionHandler(1, handler);
    EXPECT_EQUAL(stepped(), NO_SERVICE);
    EXPECT_EQUAL(breakpoints, 1);
    // After NOP, MOV, INT and MOV together, MOV, MOV, the call with its RET, CMP, INT3's NOP, PUSHF, AND, POPF.
    EXPECT_EQUAL(seen[0], (DWORD)first);
    EXPECT_EQUAL(steps, 11);
    for (DWORD index = 1; index < steps && index < 32; index++)
        EXPECT(seen[index] > seen[index - 1]);
    EXPECT(order != 0 && seen[order - 1] == (DWORD)at_int3);
    EXPECT(seen[order] > (DWORD)at_int3);
    EXPECT_EQUAL(seen[steps - 1], (DWORD)last);
    // In the gate: at its two instructions before the entry.
    EXPECT_EQUAL(outside, 2);
}
