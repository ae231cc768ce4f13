// NtContinue with kernel selectors, every flag and an address of the kernel: ring 3 runs into the wall there.
// expect: exception C0000005
#include "handler.h"

NTSTATUS NTAPI NtContinue(CONTEXT *context, BOOLEAN test_alert);

static void test(void)
{
    static CONTEXT context = {.ContextFlags = CONTEXT_FULL, .SegCs = 8, .SegSs = 0x10, .SegDs = 0x10, .SegEs = 0x10,
                              .SegFs = 0x30, .SegGs = 0x28, .EFlags = 0xFFFFFFFF, .Eip = 0x80100000, .Esp = 0x80400000};
    NtContinue(&context, FALSE);
}
