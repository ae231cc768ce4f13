// Two processes meet by name, and names go with the last handle in any process.
// expect: exit 0
#include "process.h"

static void test(void)
{
    PROCESS_INFORMATION child;
    char line[] = "child.exe meet";
    HANDLE asked = CreateEventW(NULL, FALSE, FALSE, L"names_asked");
    HANDLE answered = CreateEventA(NULL, FALSE, FALSE, "Global\\names_answered");
    HANDLE semaphore = CreateSemaphoreA(NULL, 0, 5, "Local\\names_count");
    HANDLE mutex = CreateMutexW(NULL, FALSE, L"names_mutex");
    EXPECT(asked != NULL && answered != NULL && semaphore != NULL && mutex != NULL);
    EXPECT(CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child));
    EXPECT(SetEvent(asked));
    EXPECT_EQUAL(WaitForSingleObject(answered, 20000), WAIT_OBJECT_0);
    EXPECT_EQUAL(finish(&child), 77);
    EXPECT_EQUAL(WaitForSingleObject(mutex, 0), WAIT_ABANDONED);
    for (int index = 0; index < 3; index++)
        EXPECT_EQUAL(WaitForSingleObject(semaphore, 0), WAIT_OBJECT_0);
    EXPECT_EQUAL(WaitForSingleObject(semaphore, 0), WAIT_TIMEOUT);

    // Another handle to the same event, through another of its names.
    HANDLE again = OpenEventA(EVENT_MODIFY_STATE, FALSE, "Local\\Global\\names_asked");
    EXPECT(again != NULL && SetEvent(again));
    EXPECT_EQUAL(WaitForSingleObject(asked, 0), WAIT_OBJECT_0);
    EXPECT_EQUAL(WaitForSingleObject(again, 0), WAIT_FAILED);
    EXPECT_EQUAL(GetLastError(), ERROR_ACCESS_DENIED);
    EXPECT(CloseHandle(asked) && SetEvent(again) && CloseHandle(again));
    EXPECT_ERROR(OpenEventA(EVENT_ALL_ACCESS, FALSE, "names_asked"), ERROR_FILE_NOT_FOUND);
    EXPECT(CloseHandle(answered) && CloseHandle(semaphore) && CloseHandle(mutex));

    // What a process that has ended had the only handle to is gone.
    EXPECT_EQUAL(run("child.exe own names"), 77);
    EXPECT_ERROR(OpenEventA(EVENT_ALL_ACCESS, FALSE, "names_child"), ERROR_FILE_NOT_FOUND);
    // And a name that is left to the kernel is taken away at this process's end.
    EXPECT(CreateEventA(NULL, FALSE, FALSE, "names_left") != NULL);
}
