// NtRaiseException with records that lie, at addresses of the kernel, unaligned: statuses, and nothing happens.
// expect: exit 0
#include "handler.h"

NTSTATUS NTAPI NtRaiseException(EXCEPTION_RECORD *record, CONTEXT *context, BOOLEAN first_chance);

static void test(void)
{
    static EXCEPTION_RECORD record = {.ExceptionCode = 0xE0000001, .NumberParameters = 100000};
    static CONTEXT context = {.ContextFlags = CONTEXT_FULL};
    EXPECT_EQUAL(NtRaiseException(&record, &context, TRUE), BAD_PARAMETER);
    record.NumberParameters = 0xFFFFFFFF;
    EXPECT_EQUAL(NtRaiseException(&record, &context, FALSE), BAD_PARAMETER);
    record.NumberParameters = 0;
    EXPECT_EQUAL(NtRaiseException((void *)0x80000000, &context, TRUE), VIOLATION);
    EXPECT_EQUAL(NtRaiseException(&record, (void *)0xC0000000, TRUE), VIOLATION);
    EXPECT_EQUAL(NtRaiseException(NULL, NULL, FALSE), VIOLATION);
    EXPECT_EQUAL(NtRaiseException((void *)((char *)&record + 1), &context, TRUE), (NTSTATUS)0x80000002);
    EXPECT_EQUAL(NtRaiseException(&record, (void *)((char *)&context + 2), TRUE), (NTSTATUS)0x80000002);
}
