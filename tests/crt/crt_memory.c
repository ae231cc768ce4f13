// malloc and its kin on the heap of the process; qsort and bsearch; rand's sequence; setjmp; signals; dates.
// expect: exit 0
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <malloc.h>
#include <math.h>
#include <time.h>
#include "crt_check.h"

static int by_value(const void *left, const void *right)
{
    return *(const int *)left - *(const int *)right;
}

static void memory(void)
{
    char *block = malloc(10);
    CHECK(block != NULL && _msize(block) == 10);
    strcpy(block, "kept");
    block = realloc(block, 100000);
    CHECK_TEXT(block, "kept");
    free(block);
    free(NULL);
    int *zeros = calloc(100, sizeof *zeros);
    for (int index = 0; index < 100; index++)
        CHECK(zeros[index] == 0);
    free(zeros);
    volatile size_t huge = (size_t)-1, large = 0x10000;
    CHECK(malloc(huge) == NULL && calloc(large, 0x10001) == NULL);
}

static void sorting(void)
{
    int numbers[] = {5, 3, 9, 1, 7, 3}, key = 7, absent = 4;
    qsort(numbers, 6, sizeof *numbers, by_value);
    for (int index = 1; index < 6; index++)
        CHECK(numbers[index - 1] <= numbers[index]);
    CHECK(bsearch(&key, numbers, 6, sizeof *numbers, by_value) == &numbers[4]);
    CHECK(bsearch(&absent, numbers, 6, sizeof *numbers, by_value) == NULL);
    srand(1);
    CHECK(rand() == 41);
    CHECK(rand() == 18467);
    CHECK(rand() == 6334);
}

static jmp_buf target;
static volatile int caught;

static void jump(int value)
{
    longjmp(target, value);
}

static void handler(int number)
{
    caught = number;
}

static void control(void)
{
    volatile int passes = 0;
    int value = setjmp(target);
    passes++;
    if (value == 0)
        jump(5);
    CHECK(value == 5 && passes == 2);
    CHECK(signal(SIGTERM, handler) == SIG_DFL && raise(SIGTERM) == 0 && caught == SIGTERM);
    CHECK(signal(SIGTERM, SIG_DFL) == SIG_DFL && signal(99, handler) == SIG_ERR);
}

static void mathematics(void)
{
    volatile double two = 2.0, angle = 0.5;
    CHECK(sqrt(two * 8) == 4.0 && pow(two, 10) == 1024.0 && floor(-1.5) == -2.0 && ceil(1.2) == 2.0);
    CHECK(fabs(sin(angle) * sin(angle) + cos(angle) * cos(angle) - 1) < 1e-15);
    CHECK(fabs(exp(log(two)) - two) < 1e-15 && fmod(7.5, two) == 1.5 && fabs(atan2(1, 1) - 0.78539816339744831) < 1e-15);
}

int main(void)
{
    memory();
    sorting();
    control();
    mathematics();
    time_t billion = 1000000000;
    CHECK_TEXT(asctime(gmtime(&billion)), "Sun Sep 09 01:46:40 2001\n");
    CHECK(time(NULL) > billion);
    return failures != 0;
}
