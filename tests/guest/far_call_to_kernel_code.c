// Kernel code cannot be reached by a far call.
// expect: exception C0000005
#define INSTRUCTION "lcall $0x08, $0x80100000"
#include "instruction.h"
