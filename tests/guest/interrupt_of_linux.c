// Interrupt 80 is another system's.
// expect: exception C0000005
#define INSTRUCTION "int $0x80"
#include "instruction.h"
