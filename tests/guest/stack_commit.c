// How much of a stack is committed: at first what was asked for, then a page at a time, and none where the commit limit is reached.
// expect: exit 0
#include "handler.h"

DWORD escape_esp;

static HANDLE held[64];
static unsigned holding;

typedef struct {
    DWORD base, limit, bottom;
} extent;

static extent own_stack(void)
{
    extent stack;
    __asm__ volatile("mov %%fs:4, %0\n\tmov %%fs:8, %1\n\tmov %%fs:0xE0C, %2" : "=r"(stack.base), "=r"(stack.limit), "=r"(stack.bottom));
    return stack;
}

static DWORD WINAPI tell(void *into)
{
    *(extent *)into = own_stack();
    return 0;
}

// What a thread that is made so finds.
static extent of_thread(SIZE_T size, DWORD flags)
{
    extent found = {0};
    HANDLE thread = CreateThread(NULL, size, tell, &found, flags, NULL);
    EXPECT(thread != NULL);
    EXPECT_EQUAL(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    EXPECT(CloseHandle(thread));
    return found;
}

static void sizes(DWORD reserve, DWORD commit)
{
    const struct {
        SIZE_T size;
        DWORD flags, reserve, commit;
    } rows[] = {
        {0, 0, reserve, commit},
        {1, 0, reserve, PAGE},
        {0x12345, 0, reserve, 0x13000},
        // As much as there is to be, or more: whole megabytes, so that there is room for a guard where it fits.
        {reserve, 0, reserve, reserve},
        {reserve + 1, 0, reserve + 0x100000, reserve + PAGE},
        {1, STACK_SIZE_PARAM_IS_A_RESERVATION, 0x100000, commit},
        {0x40000, STACK_SIZE_PARAM_IS_A_RESERVATION, 0x40000, commit},
        {0x48001, STACK_SIZE_PARAM_IS_A_RESERVATION, 0x50000, commit},
    };
    for (unsigned index = 0; index < sizeof rows / sizeof *rows; index++) {
        extent found = of_thread(rows[index].size, rows[index].flags);
        EXPECT_EQUAL(found.base - found.bottom, rows[index].reserve);
        EXPECT_EQUAL(found.base - found.limit, rows[index].commit);
    }
}

// Commits what there is.
static void take_all(void)
{
    for (DWORD bytes = 0x40000000; bytes >= PAGE;) {
        HANDLE section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE | SEC_COMMIT, 0, bytes, NULL);
        if (section == NULL || holding == sizeof held / sizeof *held)
            bytes /= 2;
        else
            held[holding++] = section;
        if (section != NULL && holding == sizeof held / sizeof *held)
            break;
    }
}

static int recurse(volatile int depth)
{
    volatile char room[1000];
    room[0] = (char)depth;
    return depth > 0 ? recurse(depth - 1) + room[0] : 0;
}

void recurse_once(void)
{
    recurse(100);
}

void descend(void);
extern const char descend_after[];
__asm__("_descend: pushl %ebp; pushl %ebx; pushl %esi; pushl %edi; movl %esp, _escape_esp; call _recurse_once;"
        "_descend_after: popl %edi; popl %esi; popl %ebx; popl %ebp; ret");

static DWORD __cdecl escaping(EXCEPTION_RECORD *record, registration *own, CONTEXT *context, void *dispatcher)
{
    noting_handler(record, own, context, dispatcher);
    context->Esp = escape_esp;
    return GO_ON;
}

static DWORD WINAPI in_need(void *argument)
{
    registration own;
    push_handler(&own, escaping);
    resume_at = descend_after;
    seen.ExceptionCode = 0;
    extent before = own_stack();
    if (argument != NULL)
        take_all();
    descend();
    extent after = own_stack();
    if (argument != NULL) {
        // The guard became a page like others, and no other came.
        EXPECT_EQUAL(seen.ExceptionCode, 0xC00000FD);
        EXPECT_EQUAL(after.limit, before.limit - PAGE);
        EXPECT_EQUAL(query((PVOID)(after.limit - PAGE)).State, MEM_RESERVE);
        EXPECT_EQUAL(query((PVOID)after.limit).Protect, PAGE_READWRITE);
    } else {
        EXPECT_EQUAL(seen.ExceptionCode, 0);
        EXPECT(before.limit - after.limit >= 100 * 1000 - 2 * PAGE);
        EXPECT_EQUAL(query((PVOID)(after.limit - PAGE)).Protect, PAGE_READWRITE | PAGE_GUARD);
    }
    while (holding > 0)
        EXPECT(CloseHandle(held[--holding]));
    pop_handler(&own);
    return 0;
}

static void run_in_need(void *argument)
{
    HANDLE thread = CreateThread(NULL, 0x2000, in_need, argument, 0, NULL);
    EXPECT(thread != NULL);
    EXPECT_EQUAL(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    EXPECT(CloseHandle(thread));
}

static void test(void)
{
    const char *image = (const char *)GetModuleHandleW(NULL);
    const DWORD *header = (const DWORD *)(image + *(const DWORD *)(image + 0x3C) + 0x60);
    sizes(header[0], header[1]);
    run_in_need(NULL);
    run_in_need((void *)1);
    run_in_need(NULL);
}
