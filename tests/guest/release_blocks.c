// A program that gives its TEB and PEB back may die of it; the kernel does not read them unguarded.
// expect: exception C0000005
#include "test.h"

static void test(void)
{
    DWORD thread, process;
    __asm__ volatile("mov %%fs:0x18, %0; mov %%fs:0x30, %1" : "=r"(thread), "=r"(process));
    NTSTATUS first = free_at((PVOID)query((PVOID)process).AllocationBase, 0, MEM_RELEASE);
    NTSTATUS second = free_at((PVOID)query((PVOID)thread).AllocationBase, 0, MEM_RELEASE);
    if (first == SUCCESS && second == SUCCESS)
        GetLastError();
    // Where they cannot be released, that is as good.
    read_word(0);
}
