// NtContinue goes on with the registers it is given, all of them; NtGetContextThread sees what NtSetContextThread set; what
// a program may not have (selectors of the kernel, IOPL, V86 mode, nested task, breakpoints in the kernel) it does not get.
// expect: exit 0

#include "test.h"

NTSTATUS NTAPI NtContinue(CONTEXT *context, BOOLEAN test_alert);
NTSTATUS NTAPI NtGetContextThread(HANDLE thread, CONTEXT *context);
NTSTATUS NTAPI NtSetContextThread(HANDLE thread, CONTEXT *context);

#define OWN_THREAD ((HANDLE)-2)

// What `landing` found, in the order it stores it.
volatile DWORD landed[12];
volatile DWORD stack_before;
char other_stack[4096] __attribute__((aligned(16)));

// Stores every register and goes back to `go` through the stack pointer saved there.
void landing(void);
__asm__("_landing:\n"
        "movl %eax, _landed\n movl %ebx, _landed+4\n movl %ecx, _landed+8\n movl %edx, _landed+12\n"
        "movl %esi, _landed+16\n movl %edi, _landed+20\n movl %ebp, _landed+24\n movl %esp, _landed+28\n"
        "movl _stack_before, %esp\n"
        "pushfl\n popl _landed+32\n"
        "xorl %eax, %eax\n movw %cs, %ax\n movl %eax, _landed+36\n"
        "movw %ds, %ax\n movl %eax, _landed+40\n movw %fs, %ax\n movl %eax, _landed+44\n"
        "popl %edi\n popl %esi\n popl %ebx\n popl %ebp\n"
        "cld\n ret\n");

// Calls service(context, 0), which goes on at `landing`; or returns its status.
NTSTATUS go(NTSTATUS(NTAPI *service)(CONTEXT *, BOOLEAN), CONTEXT *context);
__asm__("_go:\n"
        "movl 4(%esp), %eax\n movl 8(%esp), %ecx\n"
        "pushl %ebp\n pushl %ebx\n pushl %esi\n pushl %edi\n"
        "movl %esp, _stack_before\n"
        "pushl $0\n pushl %ecx\n call *%eax\n"
        "popl %edi\n popl %esi\n popl %ebx\n popl %ebp\n ret\n");

static CONTEXT context;

static void every_register(void)
{
    context = (CONTEXT){.ContextFlags = CONTEXT_FULL};
    context.Eax = 0x11111111;
    context.Ebx = 0x22222222;
    context.Ecx = 0x33333333;
    context.Edx = 0x44444444;
    context.Esi = 0x55555555;
    context.Edi = 0x66666666;
    context.Ebp = 0x77777777;
    context.Esp = (DWORD)other_stack + 2048;
    context.Eip = (DWORD)landing;
    context.SegCs = 0x08;
    context.SegSs = 0x10;
    context.SegDs = context.SegEs = context.SegGs = 0x30;
    context.SegFs = 0x10;
    context.EFlags = 0xFFFFFFFF & ~0x100u & ~0x40000u;
    go(NtContinue, &context);
    for (int index = 0; index < 7; index++)
        EXPECT_EQUAL(landed[index], 0x11111111u * (index + 1));
    EXPECT_EQUAL(landed[7], (DWORD)other_stack + 2048);
    // ID, overflow, direction, interrupts, sign, zero, adjust, parity, the fixed bit, carry.
    EXPECT_EQUAL(landed[8] & ~0x10000u, 0x00200ED7);
    EXPECT_EQUAL(landed[9], 0x1B);
    EXPECT_EQUAL(landed[10], 0x23);
    EXPECT_EQUAL(landed[11], 0x3B);
}

static void refused(void)
{
    context.Eip = (DWORD)landing;
    fill((char *)landed, sizeof landed, 0);
    EXPECT_EQUAL(go(NtContinue, NULL), VIOLATION);
    EXPECT_EQUAL(go(NtContinue, (CONTEXT *)0x80000000), VIOLATION);
    EXPECT_EQUAL(go(NtContinue, (CONTEXT *)0x7FFEFF00), VIOLATION);
    EXPECT_EQUAL(go(NtContinue, (CONTEXT *)((char *)&context + 1)), (NTSTATUS)0x80000002);
    EXPECT_EQUAL(NtGetContextThread(OWN_THREAD, (CONTEXT *)((char *)&context + 2)), (NTSTATUS)0x80000002);
    EXPECT_EQUAL(NtGetContextThread(OWN_THREAD, (CONTEXT *)0xC0000000), VIOLATION);
    EXPECT_EQUAL(NtSetContextThread(OWN_THREAD, (CONTEXT *)0xFFFFFFFC), VIOLATION);
    EXPECT_EQUAL(NtGetContextThread((HANDLE)0x1234, &context), BAD_HANDLE);
    EXPECT_EQUAL(NtSetContextThread((HANDLE)0x1234, &context), BAD_HANDLE);
    EXPECT_EQUAL(landed[9], 0);
}

static void own_registers(void)
{
    CONTEXT own = {.ContextFlags = CONTEXT_CONTROL, .Eax = 0x12345678, .Dr7 = 0x12345678};
    EXPECT_EQUAL(NtGetContextThread(OWN_THREAD, &own), SUCCESS);
    EXPECT_EQUAL(own.SegCs, 0x1B);
    EXPECT_EQUAL(own.SegSs, 0x23);
    EXPECT(own.Esp > (DWORD)&own - PAGE && own.Esp < (DWORD)&own);
    EXPECT_EQUAL(own.Eax, 0x12345678);
    EXPECT_EQUAL(own.Dr7, 0x12345678);

    CONTEXT debug = {.ContextFlags = CONTEXT_DEBUG_REGISTERS, .Dr0 = 0x80001000, .Dr7 = 0xFFFFFFFF};
    EXPECT_EQUAL(NtSetContextThread(OWN_THREAD, &debug), SUCCESS);
    EXPECT_EQUAL(NtGetContextThread(OWN_THREAD, &debug), SUCCESS);
    EXPECT_EQUAL(debug.Dr0, 0);
    EXPECT_EQUAL(debug.Dr7, 0xFFFF0155);
    debug.Dr7 = 0;
    EXPECT_EQUAL(NtSetContextThread(OWN_THREAD, &debug), SUCCESS);
    EXPECT_EQUAL(NtGetContextThread(OWN_THREAD, &debug), SUCCESS);
    EXPECT_EQUAL(debug.Dr7, 0);
}

// The x87 and SSE registers, there and back.
static void floating_point(void)
{
    static const float three = 3;
    static float result;
    __asm__ volatile("fninit\n flds %0\n" : : "m"(three));
    CONTEXT own = {.ContextFlags = CONTEXT_FLOATING_POINT | CONTEXT_EXTENDED_REGISTERS};
    EXPECT_EQUAL(NtGetContextThread(OWN_THREAD, &own), SUCCESS);
    EXPECT_EQUAL(own.FloatSave.ControlWord, 0xFFFF037F);
    EXPECT_EQUAL(own.FloatSave.StatusWord, 0xFFFF3800);
    EXPECT_EQUAL(own.FloatSave.TagWord, 0xFFFF3FFF);
    EXPECT_EQUAL(own.FloatSave.RegisterArea[9], 0x40);
    EXPECT_EQUAL(own.FloatSave.RegisterArea[7], 0xC0);
    // 3.0 becomes -3.0; reserved bits of MXCSR are dropped, or the way out would fault.
    own.FloatSave.RegisterArea[9] = 0xC0;
    *(DWORD *)&own.ExtendedRegisters[24] = 0xFFFF1F80;
    *(DWORD *)&own.ExtendedRegisters[160] = 0xABCDEF01;
    EXPECT_EQUAL(NtSetContextThread(OWN_THREAD, &own), SUCCESS);
    DWORD low = 0, control = 0;
    __asm__ volatile("fstps %0\n movss %%xmm0, %1\n stmxcsr %2" : "=m"(result), "=m"(low), "=m"(control));
    EXPECT(result == -3);
    EXPECT_EQUAL(low, 0xABCDEF01);
    EXPECT_EQUAL(control, 0x1F80);
    __asm__ volatile("fninit");
}

static void test(void)
{
    every_register();
    refused();
    own_registers();
    floating_point();
}
