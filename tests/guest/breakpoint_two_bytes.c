// The two-byte form of the breakpoint.
// expect: exception 80000003
#define INSTRUCTION "int $3"
#include "instruction.h"
