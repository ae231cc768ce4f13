// An interrupt number that has no gate is a protection fault.
// expect: exception C0000005
#define INSTRUCTION "int $0x21"
#include "instruction.h"
