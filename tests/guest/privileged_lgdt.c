// Loading the GDT is for the kernel alone.
// expect: exception C0000096
#define INSTRUCTION "lgdt (%%ebx)"
#include "instruction.h"
