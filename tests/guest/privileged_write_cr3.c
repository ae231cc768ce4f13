// Loading CR3 is for the kernel alone.
// expect: exception C0000096
#define INSTRUCTION "mov %%eax, %%cr3"
#include "instruction.h"
