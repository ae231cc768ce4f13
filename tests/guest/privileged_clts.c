// Clearing the task-switched flag is for the kernel alone.
// expect: exception C0000096
#define INSTRUCTION "clts"
#include "instruction.h"
