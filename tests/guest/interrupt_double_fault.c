// Nor is the task gate of the double fault.
// expect: exception C0000005
#define INSTRUCTION "int $0x08"
#include "instruction.h"
