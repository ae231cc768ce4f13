// Loading the IDT is for the kernel alone.
// expect: exception C0000096
#define INSTRUCTION "lidt (%%ebx)"
#include "instruction.h"
