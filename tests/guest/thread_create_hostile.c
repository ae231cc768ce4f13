// NtCreateThread with pointers that are none, processes that are none, and registers that a program may not have.
// expect: exit 0
#include "test.h"

typedef struct {
    PVOID fixed_base, fixed_limit, base, limit, allocation;
} initial_stack;

NTSTATUS NTAPI NtCreateThread(PHANDLE thread, ULONG access, PVOID object, HANDLE process, PVOID client, CONTEXT *context, initial_stack *stack, BOOLEAN suspended);
NTSTATUS NTAPI NtResumeThread(HANDLE thread, PULONG count);
NTSTATUS NTAPI NtTerminateThread(HANDLE thread, NTSTATUS status);

static DWORD seen[3];
static char memory[16384] __attribute__((aligned(16)));

// It has no TEB of kernel32's making; it notes its selectors and flags and ends.
static void bare(void)
{
    __asm__ volatile("pushfl; popl %0; movl %%cs, %1; movl %%ss, %2" : "=m"(seen[0]), "=r"(seen[1]), "=r"(seen[2]));
    NtTerminateThread((HANDLE)-2, 66);
}

static CONTEXT ordinary(void)
{
    CONTEXT context = {.ContextFlags = CONTEXT_FULL};
    context.Eip = (DWORD)bare;
    context.Esp = (DWORD)memory + sizeof memory - 16;
    context.SegCs = 0x1B;
    context.SegDs = context.SegEs = context.SegSs = 0x23;
    context.SegFs = 0x3B;
    context.EFlags = 0x202;
    return context;
}

static initial_stack stack = {NULL, NULL, memory + sizeof memory, memory, memory};

static NTSTATUS create(PVOID handle, HANDLE process, PVOID client, CONTEXT *context, initial_stack *where)
{
    return NtCreateThread(handle, THREAD_ALL_ACCESS, NULL, process, client, context, where, FALSE);
}

static void refused(void)
{
    HANDLE thread = NULL;
    DWORD client[2];
    CONTEXT context = ordinary();
    PVOID kernel = (PVOID)0x80000000, unmapped = (PVOID)0x50000000;
    EXPECT_EQUAL(create(NULL, OWN_PROCESS, client, &context, &stack), VIOLATION);
    EXPECT_EQUAL(create(kernel, OWN_PROCESS, client, &context, &stack), VIOLATION);
    EXPECT_EQUAL(create(&thread, OWN_PROCESS, kernel, &context, &stack), VIOLATION);
    EXPECT_EQUAL(create(&thread, OWN_PROCESS, client, kernel, &stack), VIOLATION);
    EXPECT_EQUAL(create(&thread, OWN_PROCESS, client, unmapped, &stack), VIOLATION);
    EXPECT_EQUAL(create(&thread, OWN_PROCESS, client, NULL, &stack), BAD_PARAMETER);
    EXPECT_EQUAL(create(&thread, OWN_PROCESS, client, &context, kernel), VIOLATION);
    EXPECT_EQUAL(create(&thread, OWN_PROCESS, client, &context, unmapped), VIOLATION);
    EXPECT_EQUAL(create(&thread, (HANDLE)0x1234, client, &context, &stack), BAD_HANDLE);
    EXPECT_EQUAL(create(&thread, (HANDLE)-2, client, &context, &stack), (NTSTATUS)0xC0000024);
}

static DWORD run(CONTEXT *context)
{
    HANDLE thread = NULL;
    DWORD client[2] = {0}, code = 0;
    EXPECT_EQUAL(create(&thread, OWN_PROCESS, client, context, &stack), SUCCESS);
    EXPECT_EQUAL(client[0], GetCurrentProcessId());
    EXPECT_EQUAL(WaitForSingleObject(thread, 5000), WAIT_OBJECT_0);
    EXPECT(GetExitCodeThread(thread, &code) && CloseHandle(thread));
    return code;
}

static void test(void)
{
    refused();
    CONTEXT context = ordinary();
    EXPECT_EQUAL(run(&context), 66);
    context.SegCs = 0x08;
    context.SegSs = 0x10;
    context.SegDs = context.SegEs = 0x30;
    context.SegFs = 0x30;
    context.EFlags = 0x27002;
    EXPECT_EQUAL(run(&context), 66);
    EXPECT_EQUAL(seen[0] & 0x27200, 0x200);
    EXPECT_EQUAL(seen[1], 0x1B);
    EXPECT_EQUAL(seen[2], 0x23);
}
