// Reading CR0 is for the kernel alone.
// expect: exception C0000096
#define INSTRUCTION "mov %%cr0, %%eax"
#include "instruction.h"
