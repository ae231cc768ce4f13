// Reading a port is for the kernel alone.
// expect: exception C0000096
#define INSTRUCTION "in $0x60, %%al"
#include "instruction.h"
