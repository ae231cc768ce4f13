// Writing a port is for the kernel alone.
// expect: exception C0000096
#define INSTRUCTION "outb %%al, $0x80"
#include "instruction.h"
