// The x87's exceptions, each with its own status; SSE's too, where the machine raises them at all.
// expect: exit 0
#include "handler.h"

const WORD all_unmasked = 0x0340, all_masked = 0x037F;
const float three = 3;
const DWORD tiny = 1;
// A power of two: its square is exact.
const double huge = 0x1p1023;
double out;

// The exception is raised by the first instruction, and reported at the wait.
#define X87(name, operands, operation) \
    void name(void); \
    extern const char name##_at[], name##_wait[], name##_after[]; \
    __asm__("_" #name ": fninit; " operands "; fldcw _all_unmasked; _" #name "_at: " operation "; _" #name "_wait: fwait; _" #name "_after: fninit; ret\n")

X87(by_zero, "fld1; fldz", "fdivrp %st, %st(1)");
X87(invalid, "fldz; fldz", "fdivp %st, %st(1)");
X87(stack_check, "", "fstp %st(0)");
X87(too_large, "fldl _huge", "fmul %st(0), %st; fstpl _out");
X87(inexact, "fld1; flds _three", "fdivrp %st, %st(1)");
X87(denormal, "", "flds _tiny");

static void expect_x87(int line, void (*run)(void), const char *at, const char *wait, const char *after, DWORD code)
{
    registration own;
    calls = 0;
    resume_at = after;
    push_handler(&own, noting_handler);
    run();
    pop_handler(&own);
    // QEMU's own translator knows neither an empty register nor a denormal operand.
    if (calls == 0 && (code == 0xC0000092 || code == 0xC000008D))
        return;
    expect_word(line, "calls of the handler", calls, 1);
    expect_word(line, "ExceptionCode", seen.ExceptionCode, code);
    expect_word(line, "NumberParameters", seen.NumberParameters, 1);
    expect_word(line, "ExceptionInformation[0]", seen.ExceptionInformation[0], 0);
    expect_word(line, "ErrorOffset", (DWORD)seen.ExceptionAddress, seen_context.FloatSave.ErrorOffset ? seen_context.FloatSave.ErrorOffset : (DWORD)wait);
    expect_word(line, "Eip between", seen_context.Eip > (DWORD)at && seen_context.Eip <= (DWORD)wait, 1);
    expect_word(line, "summary", seen_context.FloatSave.StatusWord & 0x80, 0x80);
}
#define EXPECT_X87(name, code) expect_x87(__LINE__, name, name##_at, name##_wait, name##_after, code)

void divide_single(void);
extern const char divide_single_at[], divide_single_after[];
const DWORD divide_unmasked = 0x1D80;
__asm__("_divide_single: movss _three, %xmm0; xorps %xmm1, %xmm1; ldmxcsr _divide_unmasked;"
        "_divide_single_at: divss %xmm1, %xmm0; _divide_single_after: ret");

// A handler may compute: what was pending is in its context only.
static DWORD __cdecl computing_handler(EXCEPTION_RECORD *record, registration *own, CONTEXT *context, void *dispatcher)
{
    static float result;
    if (!(record->ExceptionFlags & 6)) {
        __asm__ volatile("fldcw _all_masked; flds %1; fadds %1; fstps %0; fwait" : "=m"(result) : "m"(three));
        EXPECT(result == 6);
    }
    return noting_handler(record, own, context, dispatcher);
}

static void test(void)
{

    EXPECT_X87(by_zero, 0xC000008E);
    EXPECT_X87(invalid, 0xC0000090);
    EXPECT_X87(stack_check, 0xC0000092);
    EXPECT_X87(too_large, 0xC0000091);
    EXPECT_X87(inexact, 0xC000008F);
    EXPECT_X87(denormal, 0xC000008D);

    registration own;
    push_handler(&own, computing_handler);
    resume_at = by_zero_after;
    by_zero();
    EXPECT_EQUAL(seen.ExceptionCode, 0xC000008E);
    pop_handler(&own);

    if (IsProcessorFeaturePresent(PF_XMMI_INSTRUCTIONS_AVAILABLE)) {
        push_handler(&own, noting_handler);
        calls = 0;
        resume_at = divide_single_after;
        divide_single();
        pop_handler(&own);
        // QEMU's own translator never raises it.
        if (calls != 0) {
            EXPECT_EQUAL(seen.ExceptionCode, 0xC000008E);
            EXPECT_EQUAL(seen.ExceptionAddress, (DWORD)divide_single_at);
            EXPECT_EQUAL(seen.NumberParameters, 1);
        }
    }
}
