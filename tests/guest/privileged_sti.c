// Switching interrupts on is for the kernel alone.
// expect: exception C0000096
#define INSTRUCTION "sti"
#include "instruction.h"
