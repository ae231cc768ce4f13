// SYSEXIT is for the kernel alone.
// expect: exception C0000096
#define INSTRUCTION "sysexit"
#include "instruction.h"
