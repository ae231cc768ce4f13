// A program that is not marked NX-compatible executes what it can read, until it asks for data execution prevention.
// cc: -Wl,--disable-nxcompat
// expect: exit 0
#include "test.h"

#define PROCESS_EXECUTE_FLAGS 34
#define ANSWER 42

NTSTATUS NTAPI NtQueryInformationProcess(HANDLE, ULONG, PVOID, ULONG, ULONG *);
NTSTATUS NTAPI NtSetInformationProcess(HANDLE, ULONG, PVOID, ULONG);

// mov eax, ANSWER; ret
static char code[] = {(char)0xB8, ANSWER, 0, 0, 0, (char)0xC3};
static EXCEPTION_RECORD seen;

// Goes on behind the call, with 0.
static LONG CALLBACK skip(EXCEPTION_POINTERS *pointers)
{
    CONTEXT *context = pointers->ContextRecord;
    seen.ExceptionCode = pointers->ExceptionRecord->ExceptionCode;
    seen.ExceptionInformation[0] = pointers->ExceptionRecord->ExceptionInformation[0];
    seen.ExceptionInformation[1] = pointers->ExceptionRecord->ExceptionInformation[1];
    context->Eip = *(DWORD *)context->Esp;
    context->Esp += 4;
    context->Eax = 0;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static int call(void *address)
{
    return ((int (*)(void))address)();
}

static NTSTATUS set_options(ULONG options)
{
    return NtSetInformationProcess(GetCurrentProcess(), PROCESS_EXECUTE_FLAGS, &options, 4);
}

static ULONG options(void)
{
    ULONG options = 0x55;
    EXPECT_EQUAL(NtQueryInformationProcess(GetCurrentProcess(), PROCESS_EXECUTE_FLAGS, &options, 4, NULL), SUCCESS);
    return options;
}

static void expect_policy(DWORD flags, BOOL permanent)
{
    DWORD told = 0x55;
    BOOL for_good = 0x55;
    EXPECT(GetProcessDEPPolicy(GetCurrentProcess(), &told, &for_good));
    EXPECT_EQUAL(told, flags);
    EXPECT_EQUAL(for_good, permanent);
}

// What runs: data, the stack, and `page`, which stays READWRITE to those who ask.
static void expect_runs(char *page, int answer)
{
    char stack[sizeof code];
    for (unsigned index = 0; index < sizeof code; index++)
        stack[index] = code[index];
    EXPECT_EQUAL(call(code), answer);
    EXPECT_EQUAL(call(stack), answer);
    EXPECT_EQUAL(call(page), answer);
    EXPECT_REGION(page, PAGE, MEM_COMMIT, PAGE_READWRITE);
}

static void test(void)
{
    int prevented = IsProcessorFeaturePresent(12) ? 0 : ANSWER;
    EXPECT(AddVectoredExceptionHandler(1, skip) != NULL);
    EXPECT_EQUAL(GetSystemDEPPolicy(), 2);
    expect_policy(0, FALSE);
    EXPECT_EQUAL(options(), 2);
    char *page = commit(PAGE);
    for (unsigned index = 0; index < sizeof code; index++)
        page[index] = code[index];
    expect_runs(page, ANSWER);

    // What cannot be read cannot be executed either.
    char *reserved = reserve(PAGE);
    EXPECT_EQUAL(call(reserved), 0);
    EXPECT_EQUAL(seen.ExceptionCode, 0xC0000005);
    EXPECT_EQUAL(seen.ExceptionInformation[1], (ULONG_PTR)reserved);
    EXPECT_EQUAL(protect_at(page, PAGE, PAGE_READWRITE | PAGE_GUARD), SUCCESS);
    EXPECT_EQUAL(call(page), 0);
    EXPECT_EQUAL(seen.ExceptionCode, 0x80000001);
    EXPECT_EQUAL(call(page), ANSWER);

    // Covered and left out again, as often as it likes; a page that was out of the working set is what it was.
    EXPECT_EQUAL(set_options(1), SUCCESS);
    expect_runs(page, prevented);
    if (prevented == 0) {
        EXPECT_EQUAL(seen.ExceptionCode, 0xC0000005);
        EXPECT_EQUAL(seen.ExceptionInformation[0], 8);
        EXPECT_EQUAL(seen.ExceptionInformation[1], (ULONG_PTR)page);
    }
    EXPECT_EQUAL(set_options(2), SUCCESS);
    expect_runs(page, ANSWER);
    SetProcessWorkingSetSize(GetCurrentProcess(), (SIZE_T)-1, (SIZE_T)-1);
    expect_runs(page, ANSWER);

    // Refusals.
    EXPECT_EQUAL(set_options(3), 0xC000000D);
    EXPECT_EQUAL(set_options(0x40), 0xC000000D);
    ULONG wanted = 1;
    EXPECT_EQUAL(NtSetInformationProcess(GetCurrentProcess(), PROCESS_EXECUTE_FLAGS, &wanted, 2), 0xC0000004);
    HANDLE self = OpenProcess(PROCESS_ALL_ACCESS, FALSE, GetCurrentProcessId());
    EXPECT_EQUAL(NtSetInformationProcess(self, PROCESS_EXECUTE_FLAGS, &wanted, 4), 0xC000000D);
    EXPECT(CloseHandle(self));
    SetLastError(0);
    EXPECT(!SetProcessDEPPolicy(4));
    EXPECT_EQUAL(GetLastError(), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(options(), 2);

    // For good.
    EXPECT(SetProcessDEPPolicy(1));
    expect_policy(1, TRUE);
    expect_runs(page, prevented);
    EXPECT(!SetProcessDEPPolicy(0));
    EXPECT_EQUAL(GetLastError(), ERROR_ACCESS_DENIED);
    EXPECT_EQUAL(set_options(2), 0xC0000022);
    EXPECT_EQUAL(protect_at(page, PAGE, PAGE_EXECUTE_READ), SUCCESS);
    EXPECT_EQUAL(call(page), ANSWER);
}
