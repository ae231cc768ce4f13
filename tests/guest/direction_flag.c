// The direction flag set across system calls and faults: the kernel copies upwards all the same, and gives it back.
// expect: exit 0
#include "system_call.h"

static void test(void)
{
    volatile char *page = commit(PAGE);
    MEMORY_BASIC_INFORMATION region = {0};
    DWORD arguments[] = {(DWORD)OWN_PROCESS, (DWORD)page, 0, (DWORD)&region, sizeof region, 0};
    NTSTATUS status;
    DWORD flags;
    __asm__ volatile(
        "std\n"
        "int $0x2E\n"
        "movb $1, (%%ebx)\n" // a demand-zero fault
        "pushf; pop %1\n"
        "cld\n"
        : "=a"(status), "=&r"(flags)
        : "a"(0xB2), "d"(arguments), "b"(page)
        : "ecx", "memory", "cc");
    EXPECT_EQUAL(status, SUCCESS);
    EXPECT_EQUAL(flags & 0x400, 0x400);
    EXPECT(region.BaseAddress == page && region.State == MEM_COMMIT);
    EXPECT(page[0] == 1 && all_bytes((char *)page + 1, PAGE - 1, 0));
}
