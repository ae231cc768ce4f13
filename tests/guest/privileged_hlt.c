// HLT is for the kernel alone.
// expect: exception C0000096
#define INSTRUCTION "hlt"
#include "instruction.h"
