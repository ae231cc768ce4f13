// Threads of POSIX, by winpthreads inside the program: a mutex, a condition, keys, once, and what threads return.
// expect: exit 0
// stdout: 4000
// cc: -static -pthread
#include <pthread.h>
#include "crt_check.h"

enum { THREADS = 4, TIMES = 1000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int total, ready, initialised;

static void initialise(void)
{
    initialised++;
}

static void *add(void *number)
{
    pthread_once(&once, initialise);
    pthread_setspecific(key, number);
    pthread_mutex_lock(&lock);
    ready++;
    pthread_cond_broadcast(&changed);
    while (ready < THREADS)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    for (int time = 0; time < TIMES; time++) {
        pthread_mutex_lock(&lock);
        total++;
        pthread_mutex_unlock(&lock);
    }
    return pthread_getspecific(key);
}

int main(void)
{
    pthread_t threads[THREADS];
    CHECK(pthread_key_create(&key, NULL) == 0);
    for (int index = 0; index < THREADS; index++)
        CHECK(pthread_create(&threads[index], NULL, add, (void *)(index + 1)) == 0);
    for (int index = 0; index < THREADS; index++) {
        void *answer = NULL;
        CHECK(pthread_join(threads[index], &answer) == 0 && answer == (void *)(index + 1));
    }
    CHECK(initialised == 1);
    printf("%d\n", total);
    return failures;
}
