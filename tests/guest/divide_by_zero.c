// A division by zero.
// expect: exception C0000094
#define INSTRUCTION "xor %%ecx, %%ecx; div %%ecx"
#include "instruction.h"
