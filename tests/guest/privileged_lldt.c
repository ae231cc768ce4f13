// Loading the LDT is for the kernel alone.
// expect: exception C0000096
#define INSTRUCTION "lldt %%ax"
#include "instruction.h"
