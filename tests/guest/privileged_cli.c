// Switching interrupts off is for the kernel alone.
// expect: exception C0000096
#define INSTRUCTION "cli"
#include "instruction.h"
