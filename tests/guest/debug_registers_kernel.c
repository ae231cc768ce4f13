// What a program watches the kernel may touch: services load from and store to it, an entry into the kernel comes right after a load
// that hits, the exception itself is put on a watched stack. The kernel goes on, and so does the program.
// expect: exit 0

#include "test.h"

NTSTATUS NTAPI NtQuerySystemTime(LARGE_INTEGER *time);

static volatile DWORD watched[4] __attribute__((aligned(16)));
static volatile DWORD hits, breakpoints, stops;

static LONG CALLBACK handler(EXCEPTION_POINTERS *pointers)
{
    if (pointers->ExceptionRecord->ExceptionCode == EXCEPTION_BREAKPOINT) {
        breakpoints++;
        pointers->ContextRecord->Eip++;
    } else {
        EXPECT_EQUAL(pointers->ExceptionRecord->ExceptionCode, EXCEPTION_SINGLE_STEP);
        hits++;
        if (stops)
            pointers->ContextRecord->Dr7 = 0;
    }
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void watch(const volatile void *address)
{
    CONTEXT context = {.ContextFlags = CONTEXT_DEBUG_REGISTERS, .Dr1 = (DWORD)address, .Dr7 = 0xF00004};
    EXPECT(SetThreadContext(GetCurrentThread(), &context));
    hits = 0;
}

static void no_watch(void)
{
    CONTEXT context = {.ContextFlags = CONTEXT_DEBUG_REGISTERS};
    EXPECT(SetThreadContext(GetCurrentThread(), &context));
}

static void services(void)
{
    HANDLE input, output;
    DWORD done;
    EXPECT(CreatePipe(&input, &output, NULL, 0));
    watched[0] = 0x12345678;
    watch(watched);
    EXPECT(WriteFile(output, (const void *)watched, 16, &done, NULL) && done == 16);
    EXPECT(ReadFile(input, (void *)watched, 16, &done, NULL) && done == 16);
    EXPECT_EQUAL(NtQuerySystemTime((LARGE_INTEGER *)watched), SUCCESS);
    EXPECT_EQUAL(hits, 0);
    // Fresh memory, which the kernel's store brings in.
    char *fresh = VirtualAlloc(NULL, PAGE, MEM_COMMIT, PAGE_READWRITE);
    watch(fresh + 64);
    EXPECT_EQUAL(NtQuerySystemTime((LARGE_INTEGER *)(fresh + 64)), SUCCESS);
    EXPECT_EQUAL(hits, 0);
    fresh[64]++;
    EXPECT(hits != 0);
    no_watch();
    EXPECT(VirtualFree(fresh, 0, MEM_RELEASE));
    CloseHandle(input);
    CloseHandle(output);
}

// A load into SS puts off what it hits until after the next instruction: the kernel's first.
static void right_before_an_entry(void)
{
    __asm__ volatile("movw %%ss, %0" : "=m"(watched[0]));
    watch(watched);
    __asm__ volatile("movw %0, %%ss\n int $0x2E" : : "m"(watched[0]), "a"(0xFFF), "d"(0) : "ecx", "memory", "cc");
    __asm__ volatile("movw %0, %%ss\n int3" : : "m"(watched[0]) : "memory");
    EXPECT_EQUAL(breakpoints, 1);
    __asm__ volatile("push $1f\n"
                     "leal (%%esp), %%edx\n"
                     "movw %0, %%ss\n"
                     "sysenter\n"
                     "1:\n"
                     : : "m"(watched[0]), "a"(0xFFF) : "ecx", "edx", "memory", "cc");
    no_watch();
}

// With the trap flag as well: it is the program that is stepped.
static void right_before_an_entry_stepped(void)
{
    watch(watched);
    stops = 1;
    __asm__ volatile("push $1f\n"
                     "leal (%%esp), %%edx\n"
                     "pushf\n"
                     "orl $0x100, (%%esp)\n"
                     "popf\n"
                     "movw %0, %%ss\n"
                     "sysenter\n"
                     "1: nop\n"
                     "nop\n"
                     : : "m"(watched[0]), "a"(0xFFF) : "ecx", "edx", "memory", "cc");
    EXPECT(hits != 0);
    stops = 0;
    no_watch();
}

// The kernel puts the record and the context below ESP.
static void on_the_stack(void)
{
    volatile DWORD here = 0;
    for (DWORD below = 16; below < 0x400; below += 16) {
        watch((char *)((DWORD)&here & ~15u) - below);
        stops = 1;
        __asm__ volatile("int3");
        stops = 0;
        no_watch();
    }
    EXPECT_EQUAL(breakpoints, 1 + 0x3F0 / 16);
}

static void test(void)
{
    AddVectoredExceptionHandler(1, handler);
    services();
    right_before_an_entry();
    right_before_an_entry_stepped();
    on_the_stack();
}
