// What the programs of `make bench` share: rows, samples, their median and the least, and the line in which a row is reported. Under
// `--icount` one tick of the time-stamp counter is one guest instruction. It is read right before and right after what is measured, and
// nowhere else in a program: `make bench PROFILE=1` takes what lies between for the sample.
//
// usage: PROGRAM.EXE ROW [SAMPLES]
#pragma once
#include "../guest/test.h"

// Samples of a row, unless the command line says otherwise; and at most.
#define SAMPLES 101
#define MOST 1000

// A row: what it is called, and what takes its samples and reports it.
typedef struct {
    const char *name;
    void (*measure)(void);
} ROW;

// Those of the program; one without a name is the last.
static const ROW rows[];
static const ROW *row;
static ULONG repetitions = SAMPLES;

static ULONG samples[MOST];
// What reading the counter twice costs, once it has been measured.
static ULONG empty;

static inline ULONG ticks(void)
{
    ULONG low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return low;
}

static ULONG median_of(ULONG *values, ULONG count)
{
    for (ULONG i = 1; i < count; i++)
        for (ULONG j = i; j > 0 && values[j - 1] > values[j]; j--) {
            ULONG swap = values[j];
            values[j] = values[j - 1];
            values[j - 1] = swap;
        }
    return values[count / 2];
}

// What stands for the samples: the median where instructions are counted, the least where it is time.
typedef struct {
    ULONG median, least;
} FIGURE;

static ULONG beyond(ULONG more, ULONG less)
{
    return more > less ? more - less : 0;
}

// The figure of the samples, less what reading the counter costs.
static FIGURE figure(void)
{
    ULONG median = median_of(samples, repetitions);
    return (FIGURE){beyond(median, empty), beyond(samples[0], empty)};
}

static void put_field(const char *key, ULONG number)
{
    put(key);
    put_decimal(number);
}

// Reports that a sample takes `whole`, which is `units` of what the row counts.
static void report_figure(FIGURE whole, ULONG units)
{
    put("bench name=");
    put(row->name);
    put_field(" ticks=", whole.median / units);
    put_field(" least=", whole.least / units);
    put_field(" sample=", whole.median);
    put_field(" units=", units);
    put_field(" empty=", empty);
    put("\n");
}

static inline void report_units(ULONG units)
{
    report_figure(figure(), units);
}

static inline void report(void)
{
    report_units(1);
}

// Reports what one thing costs beyond another.
static inline void report_difference(FIGURE more, FIGURE less)
{
    put("bench name=");
    put(row->name);
    put_field(" ticks=", beyond(more.median, less.median));
    put_field(" least=", beyond(more.least, less.least));
    put_field(" sample=", more.median);
    put_field(" less=", less.median);
    put_field(" units=1 empty=", empty);
    put("\n");
}

// Lets the zero-page thread work, which it does while nobody else wants to.
static inline void settle(void)
{
    Sleep(100);
}

static void measure_nothing(void)
{
    ULONG nothing[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
        ULONG start = ticks();
        nothing[i] = ticks() - start;
    }
    empty = median_of(nothing, SAMPLES);
}

// Samples of a store to each of the first `repetitions` pages of `memory`; the store itself does not count.
static inline void sample_stores(volatile char *memory)
{
    for (ULONG i = 0; i < repetitions; i++) {
        volatile char *page = memory + i * PAGE;
        ULONG start = ticks();
        *page = 1;
        samples[i] = ticks() - start - 1;
    }
}

// The same of a load.
static inline void sample_loads(volatile char *memory)
{
    for (ULONG i = 0; i < repetitions; i++) {
        volatile char *page = memory + i * PAGE;
        ULONG start = ticks();
        (void)*page;
        samples[i] = ticks() - start - 1;
    }
}

static inline HANDLE must(HANDLE handle)
{
    if (handle == NULL || handle == INVALID_HANDLE_VALUE) {
        put("bench: no handle\n");
        ExitProcess(1);
    }
    return handle;
}

static inline PVOID must_have(PVOID memory)
{
    return must(memory);
}

// What stands behind the program's name.
static const char *arguments(void)
{
    const char *at = GetCommandLineA();
    BOOL quoted = *at == '"';
    for (at += quoted; *at != 0 && *at != (quoted ? '"' : ' ');)
        at++;
    at += quoted && *at != 0;
    while (*at == ' ')
        at++;
    return at;
}

// Whether `word` is the first of `text`, which then goes on behind it.
static BOOL takes(const char **text, const char *word)
{
    const char *at = *text;
    for (; *word != 0; word++, at++)
        if (*at != *word)
            return FALSE;
    if (*at != 0 && *at != ' ')
        return FALSE;
    while (*at == ' ')
        at++;
    *text = at;
    return TRUE;
}

// Measures the row that `words` begin with, with as many samples as they go on to say.
static void measure_row(const char *words)
{
    for (row = rows; row->name != NULL; row++)
        if (takes(&words, row->name)) {
            ULONG count = 0;
            for (; *words >= '0' && *words <= '9'; words++)
                count = count * 10 + (ULONG)(*words - '0');
            repetitions = count == 0 ? SAMPLES : count > MOST ? MOST : count;
            row->measure();
            return;
        }
    put("bench: no such row\n");
    failures++;
}

static void test(void)
{
    const char *words = arguments();
#ifdef OTHER
    if (takes(&words, "other")) {
        OTHER(words);
        return;
    }
#endif
    settle();
    measure_nothing();
    measure_row(words);
}
