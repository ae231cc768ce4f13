// Pointers of the memory services into a page that another thread takes away and gives back all the time: the service finds it or does not.
// expect: exit 0
#include "../rows/bad_arguments.h"

NTSTATUS NTAPI NtYieldExecution(void);

#define ROUNDS 6

static char *fickle_page;
static volatile LONG over;
static DWORD found_there, found_gone;

static DWORD WINAPI come_and_go(PVOID unused)
{
    (void)unused;
    while (!over) {
        free_at(fickle_page, PAGE, MEM_DECOMMIT);
        NtYieldExecution();
        allocate_at(fickle_page, PAGE, MEM_COMMIT, PAGE_READWRITE);
        NtYieldExecution();
    }
    return 0;
}

// Where the page has gone and come between, it is full of zeros: each service has its own word for those.
static BOOL is_refusal_of_zeros(NTSTATUS status)
{
    static const NTSTATUS refusals[] = {
        STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER_2, STATUS_INVALID_PARAMETER_3, STATUS_INVALID_PARAMETER_4, STATUS_CONFLICTING_ADDRESSES,
        STATUS_MEMORY_NOT_ALLOCATED, STATUS_NOT_MAPPED_VIEW,
    };
    for (unsigned index = 0; index < sizeof refusals / sizeof *refusals; index++)
        if (refusals[index] == status)
            return TRUE;
    return FALSE;
}

static void try_fickle(DWORD index)
{
    for (DWORD round = 0; round < ROUNDS; round++) {
        DWORD at = (DWORD)fickle_page + index * CELL;
        store_good(&service->arguments[index], at);
        words[index] = at;
        if (round & 1)
            NtYieldExecution();
        NTSTATUS status = call();
        found_there += status >= 0;
        found_gone += status == STATUS_ACCESS_VIOLATION || status == STATUS_PARTIAL_COPY;
        if (status < 0 && status != service->good && status != STATUS_ACCESS_VIOLATION && status != STATUS_PARTIAL_COPY && !is_refusal_of_zeros(status))
            expect_of_row((int)index, service->name, (DWORD)status, (DWORD)service->good);
        set_good(index);
        NtYieldExecution();
    }
    make_stale(0, 0);
    begin_row();
}

static void run_rows(void)
{
    begin_services();
    fickle_page = commit(PAGE);
    HANDLE thread = CreateThread(NULL, 0, come_and_go, NULL, 0, NULL);
    need_true(__LINE__, "a thread", fickle_page != NULL && thread != NULL);
    for (DWORD number = 0; number < SERVICES; number++) {
        prepare(&services[number]);
        for (DWORD index = 0; index < count_of(service); index++)
            if (is_pointer(&service->arguments[index]))
                try_fickle(index);
        finish_service();
    }
    over = 1;
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    EXPECT(found_there != 0 && found_gone != 0);
}

