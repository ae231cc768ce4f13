// Nor can the kernel's task be jumped to.
// expect: exception C0000005
#define INSTRUCTION "ljmp $0x28, $0"
#include "instruction.h"
