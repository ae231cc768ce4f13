// A segment register cannot be loaded with the kernel's selector.
// expect: exception C0000005
#define INSTRUCTION "mov $0x10, %%eax; mov %%eax, %%ds"
#include "instruction.h"
