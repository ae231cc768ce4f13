// Fibers: they take turns where they left off, each with its own stack, exceptions and, if it asked for that, modes of floating point.
// expect: exit 0
#include "test.h"

#define ROUNDS 100
#define FIBERS 8

static PVOID first, fibers[FIBERS];
static int turns[FIBERS], caught;

// SwitchToFiber looks at whatever it is given: without a fiber there is nothing to go on with.
static PVOID need(PVOID fiber)
{
    if (fiber == NULL)
        ExitProcess(1);
    return fiber;
}

static void WINAPI take_turns(PVOID number)
{
    // The stack is this fiber's: what stands on it stays from turn to turn.
    volatile int own = 0;
    for (int round = 0; round < ROUNDS; round++) {
        EXPECT(GetFiberData() == number && GetCurrentFiber() == fibers[(int)number]);
        EXPECT_EQUAL(own, round);
        own++;
        turns[(int)number]++;
        SwitchToFiber((int)number + 1 < FIBERS ? fibers[(int)number + 1] : first);
    }
    SwitchToFiber(first);
}

static int sum_of_stack(int depth)
{
    volatile char page[4096];
    page[0] = 1;
    return depth == 0 ? 0 : page[0] + sum_of_stack(depth - 1);
}

static EXCEPTION_DISPOSITION __cdecl note_and_repair(EXCEPTION_RECORD *record, void *registration, CONTEXT *context, void *place)
{
    (void)registration, (void)place;
    caught += record->ExceptionCode == STATUS_ACCESS_VIOLATION;
    context->Eax = (DWORD)&caught;
    return ExceptionContinueExecution;
}

static void WINAPI deep_and_faulty(PVOID data)
{
    // Sixty pages are more than is committed: the guard page moves down.
    EXPECT_EQUAL(sum_of_stack(60), 60);
    struct { void *next, *handler; } registration = {(void *)__readfsdword(0), note_and_repair};
    __writefsdword(0, (DWORD)&registration);
    DWORD word;
    asm volatile("movl (%%eax), %%eax" : "=a"(word) : "a"(0x10) : "memory");
    __writefsdword(0, (DWORD)registration.next);
    EXPECT_EQUAL(caught, 1);
    SwitchToFiber(data);
}

static unsigned short control_word(void)
{
    unsigned short word;
    asm volatile("fnstcw %0" : "=m"(word));
    return word;
}

static void set_control_word(unsigned short word)
{
    asm volatile("fldcw %0" : : "m"(word));
}

static void WINAPI round_down(PVOID data)
{
    EXPECT_EQUAL(control_word(), 0x27F);
    set_control_word(0x67F);
    SwitchToFiber(data);
    EXPECT_EQUAL(control_word(), 0x67F);
    SwitchToFiber(data);
}

static void modes_of_floating_point(void)
{
    PVOID own = need(CreateFiberEx(0, 0, FIBER_FLAG_FLOAT_SWITCH, round_down, first));
    SwitchToFiber(own);
    EXPECT_EQUAL(control_word(), 0x27F);
    set_control_word(0x37F);
    SwitchToFiber(own);
    EXPECT_EQUAL(control_word(), 0x37F);
    set_control_word(0x27F);
    DeleteFiber(own);
}

// What a fiber's function returns, its thread ends with.
static DWORD WINAPI return_five(PVOID data)
{
    (void)data;
    return 5;
}
#define return_at_once ((LPFIBER_START_ROUTINE)(void *)return_five)

static DWORD WINAPI ends_in_a_fiber(PVOID how)
{
    PVOID self = need(ConvertThreadToFiber(NULL));
    if (how != NULL)
        DeleteFiber(self);
    SwitchToFiber(need(CreateFiber(0, return_at_once, NULL)));
    return 99;
}

static DWORD status_of(PVOID how)
{
    DWORD status = 98;
    HANDLE thread = CreateThread(NULL, 0, ends_in_a_fiber, how, 0, NULL);
    EXPECT_EQUAL(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    EXPECT(GetExitCodeThread(thread, &status) && CloseHandle(thread));
    return status;
}

static void refusals(void)
{
    SetLastError(0);
    EXPECT(ConvertThreadToFiber(NULL) == NULL);
    EXPECT_EQUAL(GetLastError(), ERROR_ALREADY_FIBER);
    SetLastError(0);
    EXPECT(CreateFiberEx(0, 0, 2, return_at_once, NULL) == NULL);
    EXPECT_EQUAL(GetLastError(), ERROR_INVALID_PARAMETER);
    SetLastError(0);
    EXPECT(CreateFiber(0x7FF00000, return_at_once, NULL) == NULL);
    EXPECT_EQUAL(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
}

static void test(void)
{
    SetLastError(0);
    EXPECT(!ConvertFiberToThread());
    EXPECT_EQUAL(GetLastError(), ERROR_ALREADY_THREAD);
    first = need(ConvertThreadToFiberEx((PVOID)7, FIBER_FLAG_FLOAT_SWITCH));
    EXPECT(first != NULL && GetFiberData() == (PVOID)7 && GetCurrentFiber() == first);
    for (int number = 0; number < FIBERS; number++)
        fibers[number] = need(CreateFiber(0, take_turns, (PVOID)number));
    for (int round = 0; round < ROUNDS; round++)
        SwitchToFiber(fibers[0]);
    for (int number = 0; number < FIBERS; number++) {
        EXPECT_EQUAL(turns[number], ROUNDS);
        DeleteFiber(fibers[number]);
    }
    PVOID faulty = need(CreateFiber(0x2000, deep_and_faulty, first));
    SwitchToFiber(faulty);
    DeleteFiber(faulty);
    modes_of_floating_point();
    refusals();
    // Each has its stack: 2,000 of them do not fit beside each other.
    for (int number = 0; number < 2000; number++)
        DeleteFiber(need(CreateFiber(0, return_at_once, NULL)));
    EXPECT(ConvertFiberToThread() && GetCurrentFiber() == NULL);
    EXPECT_EQUAL(status_of(NULL), 5);
    EXPECT_EQUAL(status_of((PVOID)1), 1);
}
