// Reading a model-specific register is for the kernel alone.
// expect: exception C0000096
#define INSTRUCTION "rdmsr"
#include "instruction.h"
