// The rows of `make bench` for threads, each the median of its samples. A sample of the first two is a number of rounds between this
// thread and another of the process, which runs at the same priority; a round goes there and back, so it is two units.
//
//   thread_switch    SwitchToThread, until the other thread comes out of its own
//   event_ping_pong  SetEvent, and the other thread comes out of WaitForSingleObject: one way
//   create_thread    CreateThread of a thread that returns at once, WaitForSingleObject on it, CloseHandle
#include "bench.h"

#define ROUNDS 20

static volatile BOOL over;
static HANDLE there, back;

static HANDLE start(LPTHREAD_START_ROUTINE routine)
{
    HANDLE thread = CreateThread(NULL, 0, routine, NULL, 0, NULL);
    if (thread == NULL)
        failures++;
    return thread;
}

static void end(HANDLE thread)
{
    if (WaitForSingleObject(thread, INFINITE) != WAIT_OBJECT_0 || !CloseHandle(thread))
        failures++;
}

static DWORD WINAPI yield_to_the_other(LPVOID parameter)
{
    (void)parameter;
    while (!over)
        SwitchToThread();
    return 0;
}

static void measure_thread_switch(void)
{
    over = FALSE;
    HANDLE other = start(yield_to_the_other);
    SwitchToThread();
    for (int i = 0; i < SAMPLES; i++) {
        BOOL switched = TRUE;
        ULONG start = ticks();
        for (int round = 0; round < ROUNDS; round++)
            switched &= SwitchToThread();
        samples[i] = ticks() - start;
        if (!switched)
            failures++;
    }
    over = TRUE;
    end(other);
    report_some("thread_switch", SAMPLES, 2 * ROUNDS);
}

static DWORD WINAPI answer(LPVOID parameter)
{
    (void)parameter;
    while (WaitForSingleObject(there, INFINITE) == WAIT_OBJECT_0 && !over)
        SetEvent(back);
    return 0;
}

static void measure_event_ping_pong(void)
{
    there = CreateEventA(NULL, FALSE, FALSE, NULL);
    back = CreateEventA(NULL, FALSE, FALSE, NULL);
    over = FALSE;
    HANDLE other = start(answer);
    for (int i = 0; i < SAMPLES; i++) {
        DWORD waited = WAIT_OBJECT_0;
        ULONG start = ticks();
        for (int round = 0; round < ROUNDS; round++) {
            SetEvent(there);
            waited |= WaitForSingleObject(back, INFINITE);
        }
        samples[i] = ticks() - start;
        if (waited != WAIT_OBJECT_0)
            failures++;
    }
    over = TRUE;
    SetEvent(there);
    end(other);
    if (!CloseHandle(there) || !CloseHandle(back))
        failures++;
    report_some("event_ping_pong", SAMPLES, 2 * ROUNDS);
}

static DWORD WINAPI nothing(LPVOID parameter)
{
    (void)parameter;
    return 0;
}

static void measure_create_thread(void)
{
    for (int i = 0; i < SAMPLES; i++) {
        ULONG begin = ticks();
        end(start(nothing));
        samples[i] = ticks() - begin;
    }
    report("create_thread");
}

static void test(void)
{
    // The zero-page thread works while nobody else does.
    Sleep(300);
    measure_thread_switch();
    measure_event_ping_pong();
    measure_create_thread();
}
