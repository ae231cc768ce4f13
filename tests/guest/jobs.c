// Jobs: who comes into one and who breaks away, what is counted, what is limited, and what ends with it.
// expect: exit 0

#include "process.h"

NTSTATUS NTAPI NtIsProcessInJob(HANDLE process, HANDLE job);

// A child that waits, one that starts another and waits, one that works for ever.
static PROCESS_INFORMATION start(const char *task, DWORD flags)
{
    char line[64] = "C:\\jobs.exe ";
    PROCESS_INFORMATION child = {0};
    lstrcatA(line, task);
    // Without a child there is nothing to look at.
    if (!CreateProcessA(NULL, line, NULL, NULL, FALSE, flags | CREATE_SUSPENDED, NULL, NULL, &startup, &child))
        ExitProcess(1);
    return child;
}

static BOOL is_in(HANDLE process, HANDLE job)
{
    BOOL result = 99;
    EXPECT(IsProcessInJob(process, job, &result));
    return result;
}

static JOBOBJECT_BASIC_ACCOUNTING_INFORMATION counts(HANDLE job)
{
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION told = {0};
    DWORD length = 0;
    EXPECT(QueryInformationJobObject(job, JobObjectBasicAccountingInformation, &told, sizeof told, &length));
    EXPECT_EQUAL(length, 48);
    return told;
}

static JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits(DWORD flags)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limit = {0};
    limit.BasicLimitInformation.LimitFlags = flags;
    return limit;
}

static BOOL set(HANDLE job, JOBOBJECT_EXTENDED_LIMIT_INFORMATION limit)
{
    return SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limit, sizeof limit);
}

static void members(void)
{
    HANDLE job = CreateJobObjectA(NULL, "guest job"), same = OpenJobObjectA(JOB_OBJECT_QUERY, FALSE, "guest job");
    HANDLE other = CreateJobObjectW(NULL, NULL);
    EXPECT(job != NULL && same != NULL && other != NULL);
    EXPECT_EQUAL(NtIsProcessInJob(OWN_PROCESS, NULL), 0x123);
    EXPECT(!is_in(OWN_PROCESS, NULL));
    PROCESS_INFORMATION child = start("2", 0);
    EXPECT(AssignProcessToJobObject(job, child.hProcess));
    EXPECT_ERROR(AssignProcessToJobObject(other, child.hProcess), ERROR_ACCESS_DENIED);
    EXPECT_ERROR(AssignProcessToJobObject(same, OWN_PROCESS), ERROR_ACCESS_DENIED);
    EXPECT_EQUAL(NtIsProcessInJob(child.hProcess, same), 0x124);
    EXPECT(is_in(child.hProcess, NULL) && !is_in(child.hProcess, other));
    EXPECT_ERROR(IsProcessInJob(child.hProcess, child.hProcess, (BOOL *)&child.dwThreadId), ERROR_INVALID_HANDLE);

    // It starts another one, which is in the job, too.
    EXPECT_EQUAL(ResumeThread(child.hThread), 1);
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION told = counts(job);
    for (int tries = 0; tries < 400 && told.ActiveProcesses < 2; tries++) {
        Sleep(20);
        told = counts(job);
    }
    EXPECT(told.TotalProcesses == 2 && told.ActiveProcesses == 2 && told.TotalTerminatedProcesses == 0);
    struct {
        JOBOBJECT_BASIC_PROCESS_ID_LIST list;
        ULONG_PTR more[3];
    } ids = {0};
    EXPECT(QueryInformationJobObject(job, JobObjectBasicProcessIdList, &ids, sizeof ids, NULL));
    EXPECT(ids.list.NumberOfAssignedProcesses == 2 && ids.list.NumberOfProcessIdsInList == 2);
    EXPECT(ids.list.ProcessIdList[0] == child.dwProcessId && ids.more[0] != 0 && ids.more[0] != child.dwProcessId);
    EXPECT_ERROR(QueryInformationJobObject(job, JobObjectBasicProcessIdList, &ids, 12, NULL), ERROR_MORE_DATA);
    EXPECT(ids.list.NumberOfAssignedProcesses == 2 && ids.list.NumberOfProcessIdsInList == 1);
    EXPECT_EQUAL(WaitForSingleObject(job, 0), WAIT_TIMEOUT);
    EXPECT(TerminateJobObject(job, 77));
    EXPECT_EQUAL(finish(&child), 77);
    for (int tries = 0; tries < 400 && counts(job).ActiveProcesses != 0; tries++)
        Sleep(10);
    told = counts(job);
    EXPECT(told.TotalProcesses == 2 && told.ActiveProcesses == 0 && told.TotalPageFaultCount > 0);
    EXPECT(TerminateJobObject(job, 1));
    EXPECT_ERROR(TerminateJobObject(same, 1), ERROR_ACCESS_DENIED);
    EXPECT(CloseHandle(job) && CloseHandle(same) && CloseHandle(other));
    EXPECT_ERROR(OpenJobObjectA(JOB_OBJECT_QUERY, FALSE, "guest job"), ERROR_FILE_NOT_FOUND);
}

static void limited(void)
{
    HANDLE job = CreateJobObjectA(NULL, NULL);
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limit = limits(JOB_OBJECT_LIMIT_ACTIVE_PROCESS | JOB_OBJECT_LIMIT_PRIORITY_CLASS), read;
    limit.BasicLimitInformation.ActiveProcessLimit = 1;
    limit.BasicLimitInformation.PriorityClass = IDLE_PRIORITY_CLASS;
    EXPECT(set(job, limit));
    EXPECT(QueryInformationJobObject(job, JobObjectExtendedLimitInformation, &read, sizeof read, NULL));
    EXPECT_EQUAL(read.BasicLimitInformation.LimitFlags, limit.BasicLimitInformation.LimitFlags);
    EXPECT(read.BasicLimitInformation.ActiveProcessLimit == 1 && read.BasicLimitInformation.PriorityClass == IDLE_PRIORITY_CLASS);
    // It may not start another: it ends with the error of that.
    PROCESS_INFORMATION child = start("3", 0), second = start("1", 0);
    EXPECT(AssignProcessToJobObject(job, child.hProcess));
    EXPECT_EQUAL(GetPriorityClass(child.hProcess), IDLE_PRIORITY_CLASS);
    EXPECT(SetPriorityClass(child.hProcess, HIGH_PRIORITY_CLASS));
    EXPECT_EQUAL(GetPriorityClass(child.hProcess), IDLE_PRIORITY_CLASS);
    EXPECT_ERROR(AssignProcessToJobObject(job, second.hProcess), ERROR_NOT_ENOUGH_QUOTA);
    EXPECT_EQUAL(finish(&second), 0xC0000044);
    EXPECT_EQUAL(ResumeThread(child.hThread), 1);
    EXPECT_EQUAL(finish(&child), ERROR_NOT_ENOUGH_QUOTA);
    EXPECT(counts(job).TotalTerminatedProcesses >= 1);

    // What no limit is.
    JOBOBJECT_BASIC_LIMIT_INFORMATION basic = {.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE};
    EXPECT_ERROR(SetInformationJobObject(job, JobObjectBasicLimitInformation, &basic, sizeof basic), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(SetInformationJobObject(job, JobObjectBasicLimitInformation, &basic, 47), ERROR_BAD_LENGTH);
    EXPECT_ERROR(set(job, limits(0x10000)), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(set(job, limits(JOB_OBJECT_LIMIT_JOB_TIME | JOB_OBJECT_LIMIT_PRESERVE_JOB_TIME)), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(set(job, limits(JOB_OBJECT_LIMIT_PRIORITY_CLASS)), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(set(job, limits(JOB_OBJECT_LIMIT_AFFINITY)), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(set(job, limits(JOB_OBJECT_LIMIT_PROCESS_MEMORY)), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(QueryInformationJobObject(job, (JOBOBJECTINFOCLASS)99, &read, sizeof read, NULL), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(QueryInformationJobObject(NULL, JobObjectExtendedLimitInformation, &read, sizeof read, NULL), ERROR_ACCESS_DENIED);
    EXPECT(CloseHandle(job));
}

static void breaking_away(void)
{
    HANDLE job = CreateJobObjectA(NULL, NULL);
    // Not allowed: it ends with the error; allowed: it ends with 42.
    for (int allowed = 0; allowed < 2; allowed++) {
        EXPECT(set(job, limits(allowed ? JOB_OBJECT_LIMIT_BREAKAWAY_OK : 0)));
        PROCESS_INFORMATION child = start("4", 0);
        EXPECT(AssignProcessToJobObject(job, child.hProcess));
        EXPECT_EQUAL(ResumeThread(child.hThread), 1);
        EXPECT_EQUAL(finish(&child), allowed ? 42 : ERROR_ACCESS_DENIED);
    }
    EXPECT(CloseHandle(job));
}

static void with_the_last_handle(void)
{
    HANDLE job = CreateJobObjectA(NULL, NULL), again;
    EXPECT(set(job, limits(JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE)));
    PROCESS_INFORMATION child = start("1", 0);
    EXPECT(AssignProcessToJobObject(job, child.hProcess));
    EXPECT_EQUAL(ResumeThread(child.hThread), 1);
    EXPECT(DuplicateHandle(OWN_PROCESS, job, OWN_PROCESS, &again, 0, FALSE, DUPLICATE_SAME_ACCESS));
    EXPECT(CloseHandle(job));
    EXPECT_EQUAL(WaitForSingleObject(child.hProcess, 60), WAIT_TIMEOUT);
    EXPECT(CloseHandle(again));
    EXPECT_EQUAL(finish(&child), 0);
}

static void times(void)
{
    HANDLE job = CreateJobObjectA(NULL, NULL);
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limit = limits(JOB_OBJECT_LIMIT_PROCESS_TIME);
    limit.BasicLimitInformation.PerProcessUserTimeLimit.QuadPart = 500000;
    EXPECT(set(job, limit));
    PROCESS_INFORMATION child = start("5", 0);
    EXPECT(AssignProcessToJobObject(job, child.hProcess));
    EXPECT_EQUAL(ResumeThread(child.hThread), 1);
    EXPECT_EQUAL(finish(&child), ERROR_NOT_ENOUGH_QUOTA);
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION told = counts(job);
    EXPECT(told.TotalUserTime.QuadPart > 500000 && told.TotalTerminatedProcesses >= 1);
    EXPECT_EQUAL(WaitForSingleObject(job, 0), WAIT_TIMEOUT);
    limit = limits(JOB_OBJECT_LIMIT_JOB_TIME);
    limit.BasicLimitInformation.PerJobUserTimeLimit.QuadPart = 500000;
    EXPECT(set(job, limit));
    EXPECT(counts(job).ThisPeriodTotalUserTime.QuadPart == 0);
    child = start("5", 0);
    EXPECT(AssignProcessToJobObject(job, child.hProcess));
    EXPECT_EQUAL(ResumeThread(child.hThread), 1);
    EXPECT_EQUAL(WaitForSingleObject(job, 20000), WAIT_OBJECT_0);
    EXPECT_EQUAL(finish(&child), ERROR_NOT_ENOUGH_QUOTA);
    EXPECT(CloseHandle(job));
}

static DWORD WINAPI nothing(void *unused)
{
    (void)unused;
    return 0;
}

static void boosts(void)
{
    BOOL disabled = 9;
    EXPECT(GetProcessPriorityBoost(OWN_PROCESS, &disabled) && disabled == FALSE);
    EXPECT(SetProcessPriorityBoost(OWN_PROCESS, TRUE));
    EXPECT(GetProcessPriorityBoost(OWN_PROCESS, &disabled) && disabled == TRUE);
    EXPECT(GetThreadPriorityBoost(GetCurrentThread(), &disabled) && disabled == TRUE);
    HANDLE thread = CreateThread(NULL, 0, nothing, NULL, CREATE_SUSPENDED, NULL);
    if (thread != NULL) {
        EXPECT(GetThreadPriorityBoost(thread, &disabled) && disabled == TRUE);
        EXPECT(SetThreadPriorityBoost(thread, FALSE));
        EXPECT(GetThreadPriorityBoost(thread, &disabled) && disabled == FALSE);
        EXPECT(ResumeThread(thread) == 1 && WaitForSingleObject(thread, 20000) == WAIT_OBJECT_0 && CloseHandle(thread));
    }
    EXPECT(SetProcessPriorityBoost(OWN_PROCESS, FALSE));
    EXPECT(GetThreadPriorityBoost(GetCurrentThread(), &disabled) && disabled == FALSE);
    EXPECT_ERROR(SetProcessPriorityBoost(NULL, TRUE), ERROR_INVALID_HANDLE);

    SYSTEM_LOGICAL_PROCESSOR_INFORMATION processors[8];
    DWORD length = 0;
    EXPECT_ERROR(GetLogicalProcessorInformation(processors, &length), ERROR_INSUFFICIENT_BUFFER);
    EXPECT(length != 0 && length % sizeof *processors == 0 && length <= sizeof processors);
    DWORD cores = 0;
    EXPECT(GetLogicalProcessorInformation(processors, &length));
    for (DWORD index = 0; index < length / sizeof *processors; index++)
        cores += processors[index].Relationship == RelationProcessorCore && processors[index].ProcessorMask == 1;
    EXPECT_EQUAL(cores, 1);
}

static void child(DWORD task)
{
    PROCESS_INFORMATION other;
    char line[] = "C:\\jobs.exe 1";
    DWORD flags = task == 4 ? CREATE_BREAKAWAY_FROM_JOB : 0;
    if (task >= 2 && task <= 4) {
        if (!CreateProcessA(NULL, line, NULL, NULL, FALSE, flags | CREATE_SUSPENDED, NULL, NULL, &startup, &other))
            ExitProcess(GetLastError());
        if (task == 4) {
            BOOL result = TRUE;
            BOOL asked = IsProcessInJob(other.hProcess, NULL, &result);
            TerminateProcess(other.hProcess, 1);
            ExitProcess(asked && !result ? 42 : 1);
        }
    }
    while (task == 5)
        ;
    Sleep(60000);
    ExitProcess(3);
}

static void test(void)
{
    DWORD task = number_in(GetCommandLineA());
    if (task != 0)
        child(task);
    members();
    limited();
    breaking_away();
    with_the_last_handle();
    times();
    boosts();
}
