// There is no local descriptor table.
// expect: exception C0000005
#define INSTRUCTION "mov $0x0F, %%eax; mov %%eax, %%es"
#include "instruction.h"
