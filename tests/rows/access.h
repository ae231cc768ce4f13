// Accesses of a program that may be refused.
#ifndef ACCESS_H
#define ACCESS_H

#include "../guest/handler.h"

volatile DWORD touched_at;
SNIPPET(load_byte, "movl _touched_at, %ecx", "movb (%ecx), %al");
SNIPPET(store_byte, "movl _touched_at, %ecx", "movb $0xC3, (%ecx)");
SNIPPET(fetch_byte, "movl _touched_at, %ecx", "call *%ecx");

static const struct {
    void (*run)(void);
    const void *resume;
} accesses[] = {
    [LOADING] = {load_byte, load_byte_after},
    [STORING] = {store_byte, store_byte_after},
    [EXECUTING] = {fetch_byte, fetch_byte_after},
};

// The status that an access raises, or SUCCESS. Where instructions are to be fetched there is one that returns.
static inline NTSTATUS access_to(DWORD address, DWORD kind)
{
    registration own;
    touched_at = address;
    calls = 0;
    resume_at = accesses[kind].resume;
    push_handler(&own, noting_handler);
    // A fetch that is refused has left an address on the stack.
    __asm__ volatile("movl %%esp, %%edi; call *%0; movl %%edi, %%esp" : : "r"(accesses[kind].run) : "eax", "ecx", "edx", "edi", "memory", "cc");
    pop_handler(&own);
    return calls == 0 ? STATUS_SUCCESS : (NTSTATUS)seen.ExceptionCode;
}

#endif
