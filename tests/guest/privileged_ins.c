// Reading a port into memory is for the kernel alone.
// expect: exception C0000096
#define INSTRUCTION "insb"
#include "instruction.h"
