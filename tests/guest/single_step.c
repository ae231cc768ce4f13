// The trap flag without a debugger.
// expect: exception 80000004
#define INSTRUCTION "pushf; orl $0x100, (%%esp); popf; nop; nop"
#include "instruction.h"
