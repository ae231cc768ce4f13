// Loading the machine status word is for the kernel alone.
// expect: exception C0000096
#define INSTRUCTION "lmsw %%ax"
#include "instruction.h"
