// Null selectors in ds, es, fs and gs across the gate 2E: the kernel loads its own.
// expect: exit 0
#include "system_call.h"

static void test(void)
{
    NTSTATUS status;
    __asm__ volatile(
        "push %%fs\n"
        "xor %%ecx, %%ecx\n"
        "mov %%ecx, %%ds\n"
        "mov %%ecx, %%es\n"
        "mov %%ecx, %%fs\n"
        "mov %%ecx, %%gs\n"
        "int $0x2E\n"
        "push %%ss; pop %%ds\n"
        "push %%ss; pop %%es\n"
        "pop %%fs\n"
        : "=a"(status)
        : "a"(NO_SUCH_SERVICE), "d"(0)
        : "ecx", "memory", "cc");
    EXPECT_EQUAL(status, NO_SERVICE);
    EXPECT(GetCurrentProcessId() != 0);
}
