// What jobs say of memory: how much a process and all of them may commit, what they used at most, their working sets; and what a completion port
// hears of a job.
// expect: exit 0

#include "process.h"

#define CHUNK 0x10000u
#define MEGABYTE 0x100000u

// What the test cannot go on without.
#define NEED(condition)            \
    do {                           \
        if (!(condition)) {        \
            EXPECT(!#condition);   \
            ExitProcess(1);        \
        }                          \
    } while (0)

static HANDLE job, port;

static PROCESS_INFORMATION start(const char *task)
{
    char line[64] = "C:\\job_memory.exe ";
    PROCESS_INFORMATION child = {0};
    lstrcatA(line, task);
    NEED(CreateProcessA(NULL, line, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &startup, &child));
    return child;
}

static JOBOBJECT_EXTENDED_LIMIT_INFORMATION told(void)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limit = {0};
    EXPECT(QueryInformationJobObject(job, JobObjectExtendedLimitInformation, &limit, sizeof limit, NULL));
    return limit;
}

static void set(DWORD flags, SIZE_T process, SIZE_T all)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limit = {.ProcessMemoryLimit = process, .JobMemoryLimit = all};
    limit.BasicLimitInformation.LimitFlags = flags;
    limit.BasicLimitInformation.MinimumWorkingSetSize = 60 * PAGE;
    limit.BasicLimitInformation.MaximumWorkingSetSize = 100 * PAGE;
    EXPECT(SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limit, sizeof limit));
}

// The next message is this, of that process.
static void hear(DWORD message, DWORD process)
{
    DWORD got = 99;
    ULONG_PTR key = 0;
    OVERLAPPED *from = (OVERLAPPED *)4;
    EXPECT(GetQueuedCompletionStatus(port, &got, &key, &from, 10000));
    EXPECT_EQUAL(got, message);
    EXPECT_EQUAL(key, 0x77);
    EXPECT_EQUAL(from, process);
}

static void hear_nothing(void)
{
    DWORD got = 99;
    ULONG_PTR key = 0;
    OVERLAPPED *from;
    EXPECT_ERROR(GetQueuedCompletionStatus(port, &got, &key, &from, 0), WAIT_TIMEOUT);
}

static void begin(void)
{
    job = CreateJobObjectA(NULL, NULL);
    port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    NEED(job != NULL && port != NULL);
    JOBOBJECT_ASSOCIATE_COMPLETION_PORT associated = {(PVOID)0x77, port};
    EXPECT(SetInformationJobObject(job, JobObjectAssociateCompletionPortInformation, &associated, sizeof associated));
    EXPECT_ERROR(SetInformationJobObject(job, JobObjectAssociateCompletionPortInformation, &associated, sizeof associated), ERROR_INVALID_PARAMETER);
    associated.CompletionPort = job;
    EXPECT_ERROR(SetInformationJobObject(job, JobObjectAssociateCompletionPortInformation, &associated, sizeof associated), ERROR_INVALID_HANDLE);
}

static void end(void)
{
    hear_nothing();
    EXPECT(CloseHandle(job) && CloseHandle(port));
}

// A process commits as much as it may, and a process without the job as much as it likes.
static void of_a_process(void)
{
    begin();
    set(JOB_OBJECT_LIMIT_PROCESS_MEMORY, 3 * MEGABYTE, 0);
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limit = told();
    EXPECT(limit.ProcessMemoryLimit == 3 * MEGABYTE && limit.JobMemoryLimit == 0 && limit.PeakProcessMemoryUsed == 0);
    PROCESS_INFORMATION child = start("1");
    NEED(AssignProcessToJobObject(job, child.hProcess));
    DWORD number = child.dwProcessId;
    hear(JOB_OBJECT_MSG_NEW_PROCESS, number);
    EXPECT_EQUAL(ResumeThread(child.hThread), 1);
    DWORD chunks = finish(&child);
    EXPECT(chunks > 16 && chunks < 3 * MEGABYTE / CHUNK);
    hear(JOB_OBJECT_MSG_PROCESS_MEMORY_LIMIT, number);
    hear(JOB_OBJECT_MSG_EXIT_PROCESS, number);
    hear(JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO, 0);
    limit = told();
    EXPECT(limit.PeakProcessMemoryUsed <= 3 * MEGABYTE && limit.PeakProcessMemoryUsed > 3 * MEGABYTE - CHUNK - 2 * PAGE);
    EXPECT_EQUAL(limit.PeakJobMemoryUsed, limit.PeakProcessMemoryUsed);
    // One that does not end well.
    child = start("3");
    NEED(AssignProcessToJobObject(job, child.hProcess));
    number = child.dwProcessId;
    hear(JOB_OBJECT_MSG_NEW_PROCESS, number);
    EXPECT_EQUAL(ResumeThread(child.hThread), 1);
    EXPECT_EQUAL(finish(&child), 0xC0000005);
    hear(JOB_OBJECT_MSG_ABNORMAL_EXIT_PROCESS, number);
    hear(JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO, 0);
    end();
}

// What one has the other cannot have.
static void of_a_job(void)
{
    HANDLE ready = CreateEventA(NULL, FALSE, FALSE, "job memory ready"), over = CreateEventA(NULL, FALSE, FALSE, "job memory over");
    NEED(ready != NULL && over != NULL);
    begin();
    set(JOB_OBJECT_LIMIT_JOB_MEMORY | JOB_OBJECT_LIMIT_WORKINGSET, 0, 5 * MEGABYTE);
    PROCESS_INFORMATION holder = start("2"), child = start("1");
    NEED(AssignProcessToJobObject(job, holder.hProcess));
    DWORD number = child.dwProcessId, holder_number = holder.dwProcessId;
    EXPECT_EQUAL(ResumeThread(holder.hThread), 1);
    EXPECT_EQUAL(WaitForSingleObject(ready, 10000), WAIT_OBJECT_0);
    NEED(AssignProcessToJobObject(job, child.hProcess));
    // All have the job's working set, whatever they ask for.
    SIZE_T least = 0, most = 0;
    EXPECT(GetProcessWorkingSetSize(holder.hProcess, &least, &most));
    EXPECT(least == 60 * PAGE && most == 100 * PAGE);
    EXPECT(SetProcessWorkingSetSize(holder.hProcess, 100 * PAGE, 200 * PAGE));
    EXPECT(GetProcessWorkingSetSize(holder.hProcess, &least, &most));
    EXPECT(least == 60 * PAGE && most == 100 * PAGE);
    EXPECT_EQUAL(ResumeThread(child.hThread), 1);
    DWORD chunks = finish(&child);
    EXPECT(chunks > 1 && chunks < 3 * MEGABYTE / CHUNK);
    hear(JOB_OBJECT_MSG_NEW_PROCESS, holder_number);
    hear(JOB_OBJECT_MSG_NEW_PROCESS, number);
    hear(JOB_OBJECT_MSG_JOB_MEMORY_LIMIT, number);
    hear(JOB_OBJECT_MSG_EXIT_PROCESS, number);
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limit = told();
    EXPECT(limit.PeakJobMemoryUsed <= 5 * MEGABYTE && limit.PeakJobMemoryUsed > 5 * MEGABYTE - CHUNK - 2 * PAGE);
    EXPECT(limit.PeakProcessMemoryUsed < limit.PeakJobMemoryUsed);
    EXPECT(limit.JobMemoryLimit == 5 * MEGABYTE && limit.BasicLimitInformation.MaximumWorkingSetSize == 100 * PAGE);
    EXPECT(SetEvent(over));
    EXPECT_EQUAL(finish(&holder), 42);
    hear(JOB_OBJECT_MSG_EXIT_PROCESS, holder_number);
    hear(JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO, 0);
    end();
    EXPECT(CloseHandle(ready) && CloseHandle(over));
}

// What no limit is.
static void refusals(void)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limit = {0};
    job = CreateJobObjectA(NULL, NULL);
    NEED(job != NULL);
    DWORD *flags = &limit.BasicLimitInformation.LimitFlags;
    *flags = JOB_OBJECT_LIMIT_PROCESS_MEMORY;
    limit.ProcessMemoryLimit = PAGE - 1;
    EXPECT_ERROR(SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limit, sizeof limit), ERROR_INVALID_PARAMETER);
    *flags = JOB_OBJECT_LIMIT_JOB_MEMORY;
    EXPECT_ERROR(SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limit, sizeof limit), ERROR_INVALID_PARAMETER);
    *flags = JOB_OBJECT_LIMIT_WORKINGSET;
    EXPECT_ERROR(SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limit, sizeof limit), ERROR_INVALID_PARAMETER);
    limit.BasicLimitInformation.MinimumWorkingSetSize = 80 * PAGE;
    limit.BasicLimitInformation.MaximumWorkingSetSize = 60 * PAGE;
    EXPECT_ERROR(SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limit, sizeof limit), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(told().BasicLimitInformation.LimitFlags, 0);
    EXPECT(CloseHandle(job));
}

static DWORD commit_all(void)
{
    DWORD chunks = 0;
    while (chunks < 200 && VirtualAlloc(NULL, CHUNK, MEM_COMMIT, PAGE_READWRITE) != NULL)
        chunks++;
    EXPECT_EQUAL(GetLastError(), ERROR_COMMITMENT_LIMIT);
    return chunks;
}

static void test(void)
{
    switch (number_in(GetCommandLineA())) {
    case 1:
        ExitProcess(commit_all());
    case 2:
        NEED(VirtualAlloc(NULL, 2 * MEGABYTE, MEM_COMMIT, PAGE_READWRITE) != NULL);
        HANDLE ready = OpenEventA(EVENT_ALL_ACCESS, FALSE, "job memory ready"), over = OpenEventA(EVENT_ALL_ACCESS, FALSE, "job memory over");
        NEED(SetEvent(ready) && WaitForSingleObject(over, 20000) == WAIT_OBJECT_0);
        ExitProcess(42);
    case 3:
        *(volatile int *)8 = 1;
        break;
    default:
        of_a_process();
        of_a_job();
        refusals();
    }
}
