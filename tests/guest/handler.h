// A handler at the head of the chain that notes what it is told and lets the thread go on at `resume_at`.
#ifndef HANDLER_H
#define HANDLER_H

#include "test.h"

typedef struct registration {
    struct registration *next;
    DWORD(__cdecl *handler)(EXCEPTION_RECORD *, struct registration *, CONTEXT *, void *);
} registration;

enum { GO_ON, SEARCH, NESTED, COLLIDED };

static inline registration *chain(void)
{
    registration *head;
    __asm__ volatile("movl %%fs:0, %0" : "=r"(head));
    return head;
}

static inline void set_chain(registration *head)
{
    __asm__ volatile("movl %0, %%fs:0" : : "r"(head) : "memory");
}

// Puts `own`, which lies on the stack, before all others.
static inline void push_handler(registration *own, DWORD(__cdecl *handler)(EXCEPTION_RECORD *, registration *, CONTEXT *, void *))
{
    own->next = chain();
    own->handler = handler;
    set_chain(own);
}

static inline void pop_handler(registration *own)
{
    set_chain(own->next);
}

// What the handler was told last, and how often it was called.
static EXCEPTION_RECORD seen;
static CONTEXT seen_context;
static volatile int calls;
// Where the thread goes on; null for where it was.
static const void *volatile resume_at;

static DWORD __cdecl noting_handler(EXCEPTION_RECORD *record, registration *own, CONTEXT *context, void *dispatcher)
{
    (void)own, (void)dispatcher;
    if (record->ExceptionFlags & 6)
        return SEARCH;
    calls++;
    for (unsigned index = 0; index < sizeof seen / 4; index++)
        ((DWORD *)&seen)[index] = index < 5 + record->NumberParameters ? ((DWORD *)record)[index] : 0;
    for (unsigned index = 0; index < sizeof seen_context / 4; index++)
        ((DWORD *)&seen_context)[index] = ((DWORD *)context)[index];
    // Nothing the x87 or SSE raised is raised again.
    context->FloatSave.StatusWord &= 0xFFFF7F00;
    context->FloatSave.ControlWord |= 0x3F;
    *(DWORD *)&context->ExtendedRegisters[24] = 0x1F80;
    if (resume_at != NULL)
        context->Eip = (DWORD)resume_at;
    return GO_ON;
}

// A function `name` with one instruction of interest, from `name_at` to `name_after`.
#define SNIPPET(name, before, instruction) \
    void name(void); \
    extern const char name##_at[], name##_after[]; \
    __asm__("_" #name ": " before "\n_" #name "_at: " instruction "\n_" #name "_after: ret\n")

// Runs a snippet under the handler and checks code, address, EIP and the number of parameters.
static inline void expect_exception(int line, void (*run)(void), const void *resume, DWORD code, const void *address, const void *eip, DWORD count)
{
    registration own;
    calls = 0;
    resume_at = resume;
    push_handler(&own, noting_handler);
    run();
    pop_handler(&own);
    expect_word(line, "calls of the handler", calls, 1);
    expect_word(line, "ExceptionCode", seen.ExceptionCode, code);
    expect_word(line, "ExceptionFlags", seen.ExceptionFlags, 0);
    expect_word(line, "ExceptionAddress", (DWORD)seen.ExceptionAddress, (DWORD)address);
    expect_word(line, "Eip", seen_context.Eip, (DWORD)eip);
    expect_word(line, "NumberParameters", seen.NumberParameters, count);
}
#define EXPECT_EXCEPTION(name, code, address, eip, count) \
    expect_exception(__LINE__, name, name##_after, code, address, eip, count)

#endif
