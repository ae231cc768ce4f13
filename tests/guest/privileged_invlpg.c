// Flushing a translation is for the kernel alone.
// expect: exception C0000096
#define INSTRUCTION "invlpg (%%ebx)"
#include "instruction.h"
