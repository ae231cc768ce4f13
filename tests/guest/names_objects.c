// Names in the functions that make and open events, mutexes and semaphores.
// expect: exit 0
#include "test.h"

#define CREATED(call, error) \
    do { \
        SetLastError(0x12345678); \
        HANDLE made = (call); \
        EXPECT_EQUAL(GetLastError(), error); \
        EXPECT(made != NULL && CloseHandle(made)); \
    } while (0)

static char long_name[400];
static WCHAR wide_name[0x9000];

static void test(void)
{
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, "name");
    EXPECT(event != NULL);
    CREATED(CreateEventA(NULL, TRUE, FALSE, "name"), ERROR_ALREADY_EXISTS);
    CREATED(CreateEventW(NULL, FALSE, TRUE, L"Local\\name"), ERROR_ALREADY_EXISTS);
    CREATED(CreateEventW(NULL, FALSE, TRUE, L"Global\\name"), ERROR_ALREADY_EXISTS);
    CREATED(OpenEventW(EVENT_ALL_ACCESS, FALSE, L"name"), 0x12345678);
    // What was asked for is not what there is: the event that is there keeps its kind and its state.
    EXPECT_EQUAL(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    EXPECT(SetEvent(event));
    EXPECT_EQUAL(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
    EXPECT_EQUAL(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
    // Another case is another name.
    CREATED(CreateEventA(NULL, TRUE, FALSE, "Name"), 0);
    EXPECT_ERROR(OpenEventA(EVENT_ALL_ACCESS, FALSE, "NAME"), ERROR_FILE_NOT_FOUND);
    EXPECT_ERROR(OpenEventA(EVENT_ALL_ACCESS, FALSE, "LOCAL\\name"), ERROR_PATH_NOT_FOUND);

    // A name of another type.
    EXPECT_ERROR(CreateMutexA(NULL, FALSE, "name"), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(CreateMutexW(NULL, FALSE, L"name"), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(CreateSemaphoreA(NULL, 0, 1, "name"), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(CreateSemaphoreW(NULL, 0, 1, L"name"), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(OpenMutexA(MUTEX_ALL_ACCESS, FALSE, "name"), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(OpenMutexW(MUTEX_ALL_ACCESS, FALSE, L"name"), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(OpenSemaphoreA(SEMAPHORE_ALL_ACCESS, FALSE, "name"), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(OpenSemaphoreW(SEMAPHORE_ALL_ACCESS, FALSE, L"name"), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(OpenMutexA(MUTEX_ALL_ACCESS, FALSE, "no such name"), ERROR_FILE_NOT_FOUND);
    EXPECT_ERROR(OpenSemaphoreA(SEMAPHORE_ALL_ACCESS, FALSE, "no such name"), ERROR_FILE_NOT_FOUND);

    // A mutex that is there already does not become the caller's.
    HANDLE mutex = CreateMutexA(NULL, FALSE, "mutex");
    CREATED(CreateMutexW(NULL, TRUE, L"mutex"), ERROR_ALREADY_EXISTS);
    EXPECT_ERROR(ReleaseMutex(mutex), ERROR_NOT_OWNER);
    EXPECT(CloseHandle(mutex));
    mutex = CreateMutexW(NULL, TRUE, L"mutex");
    EXPECT(ReleaseMutex(mutex) && CloseHandle(mutex));
    EXPECT_ERROR(OpenMutexW(MUTEX_ALL_ACCESS, FALSE, L"mutex"), ERROR_FILE_NOT_FOUND);
    HANDLE semaphore = CreateSemaphoreW(NULL, 1, 2, L"count");
    CREATED(CreateSemaphoreA(NULL, 2, 2, "count"), ERROR_ALREADY_EXISTS);
    EXPECT_EQUAL(WaitForSingleObject(semaphore, 0), WAIT_OBJECT_0);
    EXPECT_EQUAL(WaitForSingleObject(semaphore, 0), WAIT_TIMEOUT);
    EXPECT_ERROR(CreateSemaphoreA(NULL, 3, 2, "count"), ERROR_INVALID_PARAMETER);

    // Names that are none.
    EXPECT_ERROR(OpenEventA(EVENT_ALL_ACCESS, FALSE, NULL), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(OpenMutexW(MUTEX_ALL_ACCESS, FALSE, NULL), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(OpenSemaphoreW(SEMAPHORE_ALL_ACCESS, FALSE, NULL), ERROR_INVALID_PARAMETER);
    CREATED(CreateEventA(NULL, TRUE, FALSE, ""), 0);
    EXPECT_ERROR(OpenEventA(EVENT_ALL_ACCESS, FALSE, ""), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(CreateEventA(NULL, TRUE, FALSE, "\\name"), ERROR_BAD_PATHNAME);
    EXPECT_ERROR(CreateEventA(NULL, TRUE, FALSE, "no\\name"), ERROR_PATH_NOT_FOUND);
    EXPECT_ERROR(CreateEventA(NULL, TRUE, FALSE, "name\\more"), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(CreateEventA(NULL, TRUE, FALSE, "Local\\"), ERROR_INVALID_NAME);
    fill(long_name, 259, 'n');
    CREATED(CreateEventA(NULL, TRUE, FALSE, long_name), 0);
    long_name[259] = 'n';
    EXPECT_ERROR(CreateEventA(NULL, TRUE, FALSE, long_name), ERROR_FILENAME_EXCED_RANGE);
    EXPECT_ERROR(OpenEventA(EVENT_ALL_ACCESS, FALSE, long_name), ERROR_FILENAME_EXCED_RANGE);
    for (DWORD index = 0; index < 0x7FFE; index++)
        wide_name[index] = L'w';
    CREATED(CreateEventW(NULL, TRUE, FALSE, wide_name), 0);
    wide_name[0x7FFE] = L'w';
    EXPECT_ERROR(CreateEventW(NULL, TRUE, FALSE, wide_name), ERROR_INVALID_NAME);
}
