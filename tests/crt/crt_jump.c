// Jumping back brings the value, and tells the handlers of the frames that it leaves to give up, innermost first.
// expect: exit 0
#include <setjmp.h>
#include <windows.h>
#include "crt_check.h"

typedef struct registration {
    struct registration *next;
    EXCEPTION_DISPOSITION (__cdecl *handler)(EXCEPTION_RECORD *, struct registration *, CONTEXT *, void *);
} registration;

static jmp_buf place;
static char told[8];

static registration *chain(void)
{
    registration *head;
    __asm__ volatile("movl %%fs:0, %0" : "=r"(head));
    return head;
}

static void set_chain(registration *head)
{
    __asm__ volatile("movl %0, %%fs:0" : : "r"(head) : "memory");
}

static EXCEPTION_DISPOSITION __cdecl outer(EXCEPTION_RECORD *record, registration *own, CONTEXT *context, void *dispatcher)
{
    (void)own, (void)context, (void)dispatcher;
    strcat(told, record->ExceptionCode == 0xC0000027 && record->ExceptionFlags == 2 ? "o" : "?");
    return ExceptionContinueSearch;
}

static EXCEPTION_DISPOSITION __cdecl inner(EXCEPTION_RECORD *record, registration *own, CONTEXT *context, void *dispatcher)
{
    (void)own, (void)context, (void)dispatcher;
    strcat(told, record->ExceptionCode == 0xC0000027 && record->ExceptionFlags == 2 ? "i" : "?");
    return ExceptionContinueSearch;
}

__attribute__((noinline)) static void leave(int value)
{
    registration own[2] = {{&own[1], inner}, {chain(), outer}};
    set_chain(own);
    longjmp(place, value);
}

static void ended(_JUMP_BUFFER *buffer)
{
    strcat(told, buffer == (void *)place ? "f" : "?");
}

int main(void)
{
    registration *before = chain();
    volatile int times = 0;
    int value = setjmp(place);
    if (times++ == 0)
        leave(5);
    CHECK(value == 5 && times == 2 && chain() == before);
    CHECK_TEXT(told, "io");
    // Within one frame nobody is told, and 0 becomes 1.
    told[0] = 0;
    times = 0;
    value = setjmp(place);
    if (times++ == 0)
        longjmp(place, 0);
    CHECK(value == 1 && times == 2);
    CHECK_TEXT(told, "");
    // A compiler's function is called after the handlers.
    _JUMP_BUFFER *buffer = (_JUMP_BUFFER *)place;
    CHECK(buffer->Cookie == 0x56433230 && buffer->UnwindFunc == 0 && buffer->Registration == (DWORD)before);
    times = 0;
    value = setjmp(place);
    buffer->UnwindFunc = (DWORD)ended;
    if (times++ == 0)
        leave(-1);
    CHECK(value == -1);
    CHECK_TEXT(told, "iof");
    return failures != 0;
}
