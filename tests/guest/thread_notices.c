// DllMain and TLS callbacks are called in each thread that starts and in each that ends by itself.
// A thread that is terminated ends silently.
// expect: exit 0
#include "test.h"

typedef struct {
    DWORD count;
    DWORD reasons[16];
    DWORD threads[16];
} notices;

static notices own;
DWORD storage_index;

static void NTAPI callback(PVOID base, DWORD reason, PVOID context)
{
    (void)base, (void)context;
    if (own.count < 16) {
        own.reasons[own.count] = reason;
        own.threads[own.count] = GetCurrentThreadId();
        own.count++;
    }
}

static const PVOID callbacks[] = {(PVOID)callback, NULL};
static volatile DWORD template[1] = {77};
const IMAGE_TLS_DIRECTORY32 _tls_used = {(DWORD)template, (DWORD)&template[1], (DWORD)&storage_index, (DWORD)callbacks, 0, 0};

static DWORD storage(void)
{
    DWORD **array;
    __asm__("mov %%fs:0x2C, %0" : "=r"(array));
    return array[storage_index][0]++;
}

static DWORD WINAPI body(void *argument)
{
    if (argument != NULL)
        WaitForSingleObject((HANDLE)argument, INFINITE);
    return storage();
}

static void expect_notice(int line, const notices *from, DWORD index, DWORD reason, DWORD thread)
{
    expect_word(line, "reason", from->reasons[index], reason);
    expect_word(line, "thread", from->threads[index], thread);
}
#define EXPECT_NOTICE(from, index, reason, thread) expect_notice(__LINE__, from, index, reason, thread)

static void test(void)
{
    notices *library = NULL;
    HMODULE module = LoadLibraryA("C:\\library_threads.exe");
    EXPECT(module != NULL);
    notices *(*log)(void) = (void *)GetProcAddress(module, "library_threads_log");
    EXPECT(log != NULL);
    library = log();
    DWORD self = GetCurrentThreadId(), first, second, code = 0;
    EXPECT_EQUAL(library->count, 1);
    EXPECT_NOTICE(library, 0, DLL_PROCESS_ATTACH, self);
    EXPECT_EQUAL(own.count, 1);
    EXPECT_NOTICE(&own, 0, DLL_PROCESS_ATTACH, self);

    HANDLE thread = CreateThread(NULL, 0, body, NULL, 0, &first);
    EXPECT_EQUAL(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    EXPECT(GetExitCodeThread(thread, &code) && CloseHandle(thread));
    EXPECT_EQUAL(code, 77);
    EXPECT_EQUAL(library->count, 3);
    EXPECT_NOTICE(library, 1, DLL_THREAD_ATTACH, first);
    EXPECT_NOTICE(library, 2, DLL_THREAD_DETACH, first);
    EXPECT_EQUAL(own.count, 3);
    EXPECT_NOTICE(&own, 1, DLL_THREAD_ATTACH, first);
    EXPECT_NOTICE(&own, 2, DLL_THREAD_DETACH, first);

    HANDLE never = CreateEventW(NULL, TRUE, FALSE, NULL);
    thread = CreateThread(NULL, 0, body, never, 0, &second);
    while (library->count == 3 || own.count == 3)
        Sleep(1);
    EXPECT(TerminateThread(thread, 5));
    EXPECT_EQUAL(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    EXPECT_EQUAL(library->count, 4);
    EXPECT_NOTICE(library, 3, DLL_THREAD_ATTACH, second);
    EXPECT_EQUAL(own.count, 4);

    // A library that does not want to hear of threads.
    EXPECT(DisableThreadLibraryCalls(module));
    thread = CreateThread(NULL, 0, body, NULL, 0, NULL);
    EXPECT_EQUAL(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    EXPECT_EQUAL(library->count, 4);
    EXPECT_EQUAL(own.count, 6);
    EXPECT_ERROR(DisableThreadLibraryCalls((HMODULE)0x12340000), ERROR_MOD_NOT_FOUND);
}
