// Loading the task register is for the kernel alone.
// expect: exception C0000096
#define INSTRUCTION "ltr %%ax"
#include "instruction.h"
