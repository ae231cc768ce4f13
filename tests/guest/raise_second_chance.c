// A second chance ends the process with the exception's code, whatever the record says of its context.
// expect: exception E0001234 at 12345678
#include "handler.h"

NTSTATUS NTAPI NtRaiseException(EXCEPTION_RECORD *record, CONTEXT *context, BOOLEAN first_chance);

static void test(void)
{
    static EXCEPTION_RECORD record = {.ExceptionCode = 0xE0001234, .ExceptionAddress = (void *)0x12345678};
    static CONTEXT context = {.ContextFlags = CONTEXT_FULL, .SegCs = 8, .SegSs = 0x10, .EFlags = 0xFFFFFFFF, .Eip = 0x80000000};
    NtRaiseException(&record, &context, FALSE);
}
