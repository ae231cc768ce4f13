// Threads and who runs next. A sample of the first three rows is a number of rounds between this thread and another of the same priority; a
// round goes there and back, so it is two units. The rows are defined in docs/performance.md.
#define OTHER yield_for_ever
static void yield_for_ever(const char *words);
#include "other.h"

#define ROUNDS 20

static volatile BOOL over;
static HANDLE there, back;

static HANDLE start(LPTHREAD_START_ROUTINE routine)
{
    return must(CreateThread(NULL, 0, routine, NULL, 0, NULL));
}

static void end(HANDLE thread)
{
    if (WaitForSingleObject(thread, INFINITE) != WAIT_OBJECT_0 || !CloseHandle(thread))
        failures++;
}

static void sample_switches(void)
{
    for (ULONG i = 0; i < repetitions; i++) {
        BOOL switched = TRUE;
        ULONG start = ticks();
        for (int round = 0; round < ROUNDS; round++)
            switched &= SwitchToThread();
        samples[i] = ticks() - start;
        if (!switched)
            failures++;
    }
    report_units(2 * ROUNDS);
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
    sample_switches();
    over = TRUE;
    end(other);
}

// What the second process does, until it is ended.
static void yield_for_ever(const char *words)
{
    (void)words;
    SetEvent(event_called(GO));
    for (;;)
        SwitchToThread();
}

static void measure_process_switch(void)
{
    HANDLE ready = event_called(GO);
    PROCESS_INFORMATION child = start_other("");
    if (WaitForSingleObject(ready, INFINITE) != WAIT_OBJECT_0)
        failures++;
    SwitchToThread();
    sample_switches();
    end_other(child);
    CloseHandle(ready);
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
    there = must(CreateEventA(NULL, FALSE, FALSE, NULL));
    back = must(CreateEventA(NULL, FALSE, FALSE, NULL));
    over = FALSE;
    HANDLE other = start(answer);
    for (ULONG i = 0; i < repetitions; i++) {
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
    report_units(2 * ROUNDS);
    over = TRUE;
    SetEvent(there);
    end(other);
    CloseHandle(there);
    CloseHandle(back);
}

static DWORD WINAPI nothing(LPVOID parameter)
{
    (void)parameter;
    return 0;
}

static void measure_create_thread(void)
{
    for (ULONG i = 0; i < repetitions; i++) {
        ULONG begin = ticks();
        end(start(nothing));
        samples[i] = ticks() - begin;
    }
    report();
}

static const ROW rows[] = {
    {"thread_switch", measure_thread_switch},
    {"process_switch", measure_process_switch},
    {"event_ping_pong", measure_event_ping_pong},
    {"create_thread", measure_create_thread},
    {NULL, NULL},
};
