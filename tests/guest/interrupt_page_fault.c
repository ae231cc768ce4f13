// Gates of processor exceptions are not open to programs.
// expect: exception C0000005
#define INSTRUCTION "int $0x0E"
#include "instruction.h"
