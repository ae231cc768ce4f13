// A breakpoint without a debugger.
// expect: exception 80000003
#define INSTRUCTION "int3"
#include "instruction.h"
