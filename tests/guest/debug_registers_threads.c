// Breakpoints belong to a thread: another one's stores do not hit them, however often the two take turns; a suspended thread is given
// some and finds them; a new thread has none.
// expect: exit 0

#include "test.h"

static volatile DWORD watched, other, go, stop;
static volatile LONG hits_of_main, hits_of_other;
static DWORD main_thread;

static LONG CALLBACK handler(EXCEPTION_POINTERS *pointers)
{
    EXPECT_EQUAL(pointers->ExceptionRecord->ExceptionCode, EXCEPTION_SINGLE_STEP);
    if (GetCurrentThreadId() == main_thread) {
        EXPECT_EQUAL(pointers->ContextRecord->Dr6, 1);
        hits_of_main++;
    } else {
        EXPECT_EQUAL(pointers->ContextRecord->Dr6, 8);
        hits_of_other++;
    }
    return EXCEPTION_CONTINUE_EXECUTION;
}

static DWORD WINAPI storer(void *argument)
{
    (void)argument;
    CONTEXT own = {.ContextFlags = CONTEXT_DEBUG_REGISTERS};
    EXPECT(GetThreadContext(GetCurrentThread(), &own));
    EXPECT_EQUAL(own.Dr7, 0);
    EXPECT_EQUAL(own.Dr0, 0);
    while (!stop) {
        while (!go && !stop)
            SwitchToThread();
        go = 0;
        watched++;
        other++;
    }
    return 0;
}

static void take_turn(void)
{
    go = 1;
    while (go)
        SwitchToThread();
    Sleep(1);
}

static void test(void)
{
    main_thread = GetCurrentThreadId();
    AddVectoredExceptionHandler(1, handler);
    CONTEXT own = {.ContextFlags = CONTEXT_DEBUG_REGISTERS, .Dr0 = (DWORD)&watched, .Dr7 = 0xD0001};
    EXPECT(SetThreadContext(GetCurrentThread(), &own));
    HANDLE thread = CreateThread(NULL, 0, storer, NULL, 0, NULL);
    for (int turn = 1; turn <= 20; turn++) {
        watched = 0;
        take_turn();
        EXPECT_EQUAL(hits_of_main, turn);
        EXPECT_EQUAL(hits_of_other, 0);
        EXPECT_EQUAL(watched, 1);
    }

    EXPECT_EQUAL(SuspendThread(thread), 0);
    CONTEXT given = {.ContextFlags = CONTEXT_DEBUG_REGISTERS, .Dr3 = (DWORD)&other, .Dr7 = 0xD0000040};
    EXPECT(SetThreadContext(thread, &given));
    CONTEXT read = {.ContextFlags = CONTEXT_DEBUG_REGISTERS};
    EXPECT(GetThreadContext(thread, &read));
    EXPECT_EQUAL(read.Dr3, (DWORD)&other);
    EXPECT_EQUAL(read.Dr7, 0xD0000040);
    EXPECT(GetThreadContext(GetCurrentThread(), &read));
    EXPECT_EQUAL(read.Dr0, (DWORD)&watched);
    EXPECT_EQUAL(read.Dr7, 0xD0001);
    EXPECT_EQUAL(ResumeThread(thread), 1);
    hits_of_main = 0;
    for (int turn = 1; turn <= 20; turn++) {
        other = watched = 0;
        take_turn();
        EXPECT_EQUAL(hits_of_main, turn);
        EXPECT_EQUAL(hits_of_other, turn);
    }

    // Taken away from here, they are gone there.
    SuspendThread(thread);
    given.Dr7 = 0;
    EXPECT(SetThreadContext(thread, &given));
    ResumeThread(thread);
    take_turn();
    EXPECT_EQUAL(hits_of_other, 20);
    stop = 1;
    EXPECT_EQUAL(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    EXPECT_EQUAL(hits_of_other, 20);
}
