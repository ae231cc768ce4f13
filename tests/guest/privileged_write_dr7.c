// Writing a debug register is for the kernel alone.
// expect: exception C0000096
#define INSTRUCTION "mov %%eax, %%dr7"
#include "instruction.h"
