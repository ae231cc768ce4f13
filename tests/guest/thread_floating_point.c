// x87 and SSE registers are each thread's own across switches within a process.
// expect: exit 0
#include "test.h"

static DWORD WINAPI body(void *argument)
{
    DWORD value = (DWORD)argument, out = 0, wide = 0, wrong = 0;
    __asm__ volatile("fninit; fildl %0; movss %0, %%xmm3" : : "m"(value));
    for (int round = 0; round < 50; round++) {
        SwitchToThread();
        __asm__ volatile("fistl %0; movss %%xmm3, %1" : "=m"(out), "=m"(wide));
        wrong += (out != value) + (wide != value);
    }
    __asm__ volatile("fninit");
    return wrong;
}

static void test(void)
{
    HANDLE threads[3];
    for (DWORD index = 0; index < 3; index++)
        threads[index] = CreateThread(NULL, 0, body, (void *)(1000 + index), 0, NULL);
    EXPECT_EQUAL(WaitForMultipleObjects(3, threads, TRUE, INFINITE), WAIT_OBJECT_0);
    for (int index = 0; index < 3; index++) {
        DWORD wrong = 1;
        EXPECT(GetExitCodeThread(threads[index], &wrong));
        EXPECT_EQUAL(wrong, 0);
    }
}
