// BOUND with an index outside.
// expect: exception C000008C
#define INSTRUCTION "movl $5, %%eax; movl $0, (%%ebx); movl $4, 4(%%ebx); bound %%eax, (%%ebx)"
#include "instruction.h"
